"""What people like: charts, battles, and the taste of a place, as text and pictures."""
