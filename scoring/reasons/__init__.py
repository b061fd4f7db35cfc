"""Why a payment is an alert: contributions of features, their codes and their sentences."""
