"""From raw articulation to what models predict: tract variables, source features, smooth pellets."""
