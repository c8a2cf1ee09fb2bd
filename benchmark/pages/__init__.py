"""The leaderboard as people read it: the README, the plots, the reproduction pages and the HTML page."""
