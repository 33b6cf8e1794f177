# Two commands: `make run` opens Assay, `make test` checks everything. Both set up what they need.
PYTHON ?= python3
BIN := .venv/bin

# The tests in parts that run side by side.
WINDOW := tests/desktop tests/system
MODEL := tests/engine/model tests/engine/server tests/engine/net tests/engine/cli tests/test_readme.py
TRAINING := tests/training tests/quantize
BESIDE := -m "not alone"

# The tests start hundreds of processes: without kept bytecode each compiles the engine anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test lint check check-window check-model check-training check-rest check-alone clean

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

# Side by side: many tests wait, for a child process or a clock. Those that measure time run after.
check:
	@$(MAKE) --no-print-directory -j4 check-window check-model check-training check-rest
	@$(MAKE) --no-print-directory check-alone

# Beside others, a model's threads wait for each other more than they compute.
check-window check-model check-training check-rest: export OMP_THREAD_LIMIT := 1

check-window:
	QT_QPA_PLATFORM=offscreen $(BIN)/python -m pytest $(BESIDE) $(WINDOW)

check-model:
	$(BIN)/python -m pytest $(BESIDE) $(MODEL)

# One thread each: with two, training waits for the cores that the other parts use.
check-training:
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest $(BESIDE) $(TRAINING)

check-rest:
	QT_QPA_PLATFORM=offscreen $(BIN)/python -m pytest $(BESIDE) $(addprefix --ignore=,$(WINDOW) $(MODEL) $(TRAINING))

check-alone:
	QT_QPA_PLATFORM=offscreen $(BIN)/python -m pytest -m alone

clean:
	rm -rf .venv build *.egg-info
