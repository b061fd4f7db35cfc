"""Tests of the feature core: naive oracles, contracts, window edges, golden values, states."""
