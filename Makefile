# Two commands: `make run` opens Assay, `make test` checks everything. Both set up what they need.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: run test lint check check-window check-rest clean

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

# Two halves side by side: the window and whole programs, and everything else.
check:
	@$(MAKE) --no-print-directory -j2 check-window check-rest

check-window:
	QT_QPA_PLATFORM=offscreen $(BIN)/python -m pytest tests/desktop tests/system

check-rest:
	QT_QPA_PLATFORM=offscreen $(BIN)/python -m pytest --ignore=tests/desktop --ignore=tests/system

clean:
	rm -rf .venv build *.egg-info
