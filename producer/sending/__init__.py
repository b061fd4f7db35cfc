"""A stream on its way out: paced, to Kafka or to a file, with every loss counted."""
