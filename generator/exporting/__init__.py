"""The formats that a tune can be exported to: register-exact files in `apu`, notation, stems."""
