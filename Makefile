# Aliases; each says what it runs. None is needed: `python3 runner.py ...` does it all.
PYTHON := .venv/bin/python

.PHONY: demo test check snapshots bench lock
demo:
	python3 runner.py demo
test:
	python3 runner.py test
check:
	$(PYTHON) -m engine check
# After an intended change; read the difference before it is committed.
snapshots:
	python3 runner.py test --snapshot-update
# How fast a mapping is, beside hand-written Python and the usual parts put together.
bench:
	$(PYTHON) -m tests.bench
# Needs uv; everything else needs only what the lock holds.
lock:
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	  --no-annotate --no-header --extra dev -o .ci/requirements.lock pyproject.toml
