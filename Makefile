# Two commands: `make run` opens Assay, `make test` checks everything. Both set up what they need.
PYTHON ?= python3
BIN := .venv/bin

# The tests in three parts of about the same length.
WINDOW := tests/desktop tests/system
MODEL := tests/engine/model tests/engine/server tests/engine/net tests/engine/cli tests/test_readme.py

# The tests start hundreds of processes: without kept bytecode each compiles the engine anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test lint check check-window check-model check-rest clean

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

# Side by side: many tests wait, for a child process or a clock.
check:
	@$(MAKE) --no-print-directory -j3 check-window check-model check-rest

check-window:
	QT_QPA_PLATFORM=offscreen $(BIN)/python -m pytest $(WINDOW)

check-model:
	$(BIN)/python -m pytest $(MODEL)

check-rest:
	QT_QPA_PLATFORM=offscreen $(BIN)/python -m pytest $(addprefix --ignore=,$(WINDOW) $(MODEL))

clean:
	rm -rf .venv build *.egg-info
