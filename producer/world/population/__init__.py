"""Population of a world: cities, merchants, people, seasons and habits."""
