# What people run while they work; .ci/run is the same and more, from a clean checkout.
BIN := $(CURDIR)/.venv/bin
REFERENCE := results/reference/region-down-backup-key

.PHONY: check slow figures

check: $(BIN)/ruff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest -q

slow: $(BIN)/ruff
	$(BIN)/pytest -q -m slow

# Played where git looks away: a report says whether anything was uncommitted as it was made.
figures: $(BIN)/ruff
	rm -rf results/figures
	$(BIN)/keychaos run region-down-backup-key --out results/figures
	rm -rf $(REFERENCE)
	mv results/figures $(REFERENCE)

$(BIN)/ruff:
	python3 -m venv .venv
	$(BIN)/pip install -e '.[dev]'
