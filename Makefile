# Two commands: `make run` opens Assay, `make test` checks everything. Both set up what they need.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: run test lint check figures clean

run:
	@$(PYTHON) .ci/bootstrap.py run
	@if [ -n "$$DISPLAY$$WAYLAND_DISPLAY" ] || [ "$$(uname)" = Darwin ]; \
	then exec $(BIN)/python -m desktop.app; else exec $(BIN)/assay chat; fi

test:
	@$(PYTHON) .ci/bootstrap.py test
	@$(MAKE) --no-print-directory lint check

lint:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check:
	QT_QPA_PLATFORM=offscreen $(BIN)/python -m pytest

clean:
	rm -rf .venv build *.egg-info
