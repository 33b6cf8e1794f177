"""The portfolio page and the import of transactions and prices."""
