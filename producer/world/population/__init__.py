"""Who lives in a world and what they buy: cities, merchants, people, seasons and habits."""
