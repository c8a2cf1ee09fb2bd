"""From raw articulation to the parameters that models predict: tract variables, source features, smooth pellets."""
