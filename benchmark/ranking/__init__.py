"""From results to the leaderboard: audit, means and intervals, ranks, tables, plots and the page."""
