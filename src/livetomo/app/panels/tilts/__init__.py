"""Which tilts are in, and which were set aside and why."""
