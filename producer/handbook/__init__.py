"""The Fraud Detection Handbook's simulation: customers, terminals, payments and frauds."""
