"""What people like: charts, battles and the taste of a server or conversation, as text and pictures."""
