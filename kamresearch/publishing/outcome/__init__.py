"""What an executed notebook gave: its findings and tables, held to what the study promised."""
