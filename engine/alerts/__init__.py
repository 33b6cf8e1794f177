"""Price alerts: when a rule has come true, and the thread that watches."""
