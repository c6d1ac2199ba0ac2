"""How each benchmark judges: one module a task, imported by us and by the peers alike."""
