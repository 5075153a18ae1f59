# Aliases; each says what it runs. None is needed: `python3 runner.py ...` does it all.
PYTHON := .venv/bin/python

.PHONY: demo test fast all check snapshots bench coverage campaign sweeps mutants-protocol lock

# Two simulated systems, two companies' documents, the transfer log; sets itself up.
demo:
	python3 runner.py demo

# All tests, on every core; takes minutes. Sets itself up.
test:
	python3 runner.py test

# Seconds: format, lint, types, and the tests of the rooms that differ from main.
# `make fast ROOM=mapping` (or ROOM="mapping flow") names them instead.
fast:
	ROOM="$(ROOM)" .ci/fast

# Everything that must hold before a change goes in, with the time of each step.
all:
	.ci/run

# The shipped rules alone, every problem at once.
check:
	$(PYTHON) -m engine check

# After an intended change; read the difference before it is committed.
snapshots:
	python3 runner.py test --snapshot-update

# How fast a mapping is, beside hand-written Python and the usual parts put together.
bench:
	$(PYTHON) -m tests.bench

# The transfer protocol judged on seeded schedules: make campaign SCHEDULES=5000 SEED=1
# RUNNERS=2. A failing seed prints the command that replays it. With RECORD=FILE what was
# played is kept there, and a campaign that was ended goes on.
campaign:
	$(PYTHON) -m tests.harness campaign --schedules $(or $(SCHEDULES),1000) \
	  --seed $(or $(SEED),1) --runners $(or $(RUNNERS),1) --jobs $(or $(JOBS),1) \
	  $(if $(RECORD),--record $(RECORD))

# Minutes to an hour each: every outcome at every call, a kill at every step, a bad disk
# at every write, a real process ended everywhere, and the table of seeded bugs.
sweeps:
	for sweep in variants pairs kills disk real; do \
	  $(PYTHON) -m tests.harness $$sweep || exit 1; done

# Which slips in the ledger and the protocol would no test see? Needs mutmut 3 beside the
# lock ($(PYTHON) -m pip install mutmut==3.8.1); SAMPLE=200 draws so many of each room.
mutants-protocol:
	$(PYTHON) -m tests.mutation ledger $(if $(SAMPLE),--sample $(SAMPLE))
	$(PYTHON) -m tests.mutation protocol $(if $(SAMPLE),--sample $(SAMPLE))

# Which branches of the ledger and of the protocol's modules no test takes.
COVERED := engine/ledger/*,engine/flow/transfer.py,engine/flow/delivery.py,$\
engine/flow/amendment.py,engine/flow/content.py,engine/flow/looks.py,$\
engine/flow/recheck.py,engine/flow/resting.py,engine/flow/writes.py,$\
engine/flow/unlisted.py,engine/flow/ending.py,engine/flow/status_on_error.py
coverage:
	$(PYTHON) -m coverage run --branch --source=engine -m pytest -q --timeout=900 \
	  tests/ledger tests/flow tests/test_scenarios.py tests/harness
	$(PYTHON) -m coverage report --show-missing --include="$(COVERED)"

# Needs uv; everything else needs only what the lock holds.
lock:
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	  --no-annotate --no-header --extra dev -o .ci/requirements.lock pyproject.toml
