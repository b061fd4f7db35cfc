"""Commands that make and judge models: train, tune, evaluate, models."""
