"""What was found out about files, as text and as one HTML file with plots."""
