"""What every other part shares: errors, events, cards, records, jobs, settings, paths, money."""
