"""How hypothesis runs here: no deadline, for a busy machine is no defect of an event."""

from hypothesis import HealthCheck, settings

settings.register_profile("events", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("events")
