# Two commands are enough: `make demo` shows a specimen appearing live, `make test` runs all gates and tests.
# Without make (Windows): py tools\run.py demo
PYTHON ?= python3

.PHONY: demo test gates bench bench-quality docs clean

demo test gates bench bench-quality docs:
	@$(PYTHON) tools/run.py $@ $(ARGS)

clean:
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis screenshots
