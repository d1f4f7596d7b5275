# Every target is one line that calls scripts/setup.sh, swift or jml. Variables, all optional:
#   TABLE    table number, for run and table          DATA     folder with real data (default: embedded data)
#   PROFILE  smoke, mini, paper or paper_published    RESULTS  folder for results
#   JOBS     runs at a time                           THREADS  threads of each run
#   PAIRS    repeats of make bench                    ROWS     rows of make bench (default: all)
#   NIGHT    subsets of make nightly (default: all but those of tier paper)
#   SKIP     modes of PyTorch that make bench leaves out
#   BENCH    folder that make bench writes to (default: results/bench); another processor's numbers need one of their own
#   COUNT    signals of make faults; the other faults are tried as often as that allows
#   SEED     seed of make faults, as it printed one      KEEP     folder for what its findings left
#   ONLY     faults of make faults, such as ONLY=signals,disk (default: all); JSON=1 for machines
#   SECONDS  of make fuzz, for each target (60)       TARGET   of make fuzz: png, yaml, ... (default: all)
#   RUNS     executions of each target of make fuzz, at most; it then takes as long as they do, or SECONDS
#   INSTRUMENT  1: make fuzz builds libpng and libjpeg-turbo from Debian's sources, so that it sees into them
#   SITE     folder that make site writes to (default: site)
#   SEEDS    seeds of each cell that has several (default: as tables and profile say)
#   SET      overrides, such as SET="recipe.optimizer.learning_rate=0.02 loss.smooth=2"
TABLE   ?= 4
PROFILE ?= mini
JOBS    ?= 2
PAIRS   ?= 3
COUNT   ?= 20
SITE    ?= site

# What the user gives is text: taken as it was typed, and handed to recipes by the environment, so that neither make nor a
# shell reads it. Paths may hold blanks, quotes, $ and ;.
given   := TABLE PROFILE DATA RESULTS JOBS THREADS PAIRS ROWS SKIP BENCH SET SEEDS COUNT SEED ONLY KEEP SECONDS RUNS TARGET INSTRUMENT NIGHT SITE
$(foreach name,$(given),$(eval override $(name) := $$(value $(name))))
export $(given)

jml     := .build/release/jml
build   := swift build -c release
where   := --profile "$$PROFILE" $(if $(DATA),--data "$$DATA") $(if $(RESULTS),--results "$$RESULTS") \
             $(if $(SEEDS),--seeds "$$SEEDS") "$$@"
how     := --jobs "$$JOBS" $(if $(THREADS),--threads "$$THREADS")
# Sets the positional parameters, which `where` ends with, to the overrides of SET.
pairs   := set -f --; for pair in $$SET; do set -- "$$@" --set "$$pair"; done;

# Tables and figures that are trained, in the experiments folder; Table 9 is counted, Figures 1 to 3 are drawn.
trained := 1 2 3 4 5 6 7 8 10 11 12 13 14 15
sweeps  := 4 5
pictures := 7 8
drawings := "$${RESULTS:-results}/figures"

.PHONY: help tableN setup build test test-tensorboard test-threads test-site test-cluster test-mpi test-avx2 test-latex faults fuzz $(trained:%=table%) table9 tables run table plan claims publish site status nightly \
        figure1 figure2 figure3 $(sweeps:%=figure%) $(pictures:%=figure%) figures data doctor bench bench-step format lint clean
.DEFAULT_GOAL := help

help:        ## Lists the targets.
	@sed -n 's/^\([a-zN0-9 -]*\): .*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20
setup:       ## Installs or names the packages that are missing.
	@scripts/setup.sh
build: setup ## Builds .build/release/jml.
	$(build)
test: setup  ## Builds and passes every test.
	swift test -c release --no-parallel --disable-testable-imports
test-tensorboard: setup ## Reads exported event files back with TensorBoard's own reader, which it installs.
	@scripts/test-tensorboard.sh
test-threads: setup ## Runs the concurrent parts under the thread sanitizer.
	@scripts/test-threads.sh
faults: build ## Kills, starves and disturbs a small grid (COUNT=20, SEED, ONLY, KEEP): it has to end the same.
	swift build -c release --package-path Tests/Faults --scratch-path .build/faults
	.build/faults/release/faults --jml $(jml) --package . --count "$$COUNT" $(if $(SEED),--seed "$$SEED") \
	  $(if $(ONLY),--only "$$ONLY") $(if $(KEEP),--keep "$$KEEP") $(if $(JSON),--json)
fuzz: setup  ## Hostile input for every reader, SECONDS or RUNS each, under the sanitizers (TARGET=png INSTRUMENT=1).
	@scripts/fuzz.sh $(if $(SECONDS),--seconds "$$SECONDS") $(if $(RUNS),--runs "$$RUNS") --jobs "$$JOBS" \
	  $(if $(INSTRUMENT),--instrument) $(if $(TARGET),"$$TARGET")
test-cluster: build ## Hands small grids to a Slurm of its own, disturbs them and compares the tables (installs slurmd).
	@scripts/test-cluster.sh
test-mpi: setup ## Trains small runs by several processes, kills and damages them (builds with --traits MPI, installs an MPI).
	@scripts/test-mpi.sh
test-avx2: setup ## Compares a step's share of the machine's peak with and without AVX-512 (builds a second time).
	@scripts/test-avx2.sh
test-site: build ## Looks at the site in Chromium: console, filters, keyboard, contrast, phone.
	@scripts/test-site.sh
test-latex: build ## Compiles the tables as LaTeX prints them, with Debian's texlive.
	@scripts/test-latex.sh
tableN:      ## Trains the grid of Table N (1 to 8, 10 to 15) and renders it: make table4.
	@echo "make tableN: put a number for N: $(trained) 9"; exit 1
$(trained:%=table%): build
	$(pairs) $(jml) run --table $(@:table%=%) $(where) $(how) && $(jml) table --table $(@:table%=%) $(where)
table9: build ## Counts and measures the networks of Table 9.
	$(jml) model measure --table 9 $(if $(THREADS),--threads "$$THREADS") && $(jml) table --table 9
tables: build ## Trains every run of every table once and renders all tables; the costs of Table 9 as they are.
	$(pairs) $(jml) run $(where) $(how) && $(jml) table $(where)
run: build   ## Trains the runs of TABLE.
	$(pairs) $(jml) run --table "$$TABLE" $(where) $(how)
table: build ## Renders TABLE from finished runs.
	$(pairs) $(jml) table --table "$$TABLE" $(where)
plan: build  ## Lists the runs of TABLE (TABLE=all: of every table and figure).
	$(pairs) $(jml) plan $(if $(filter all,$(TABLE)),--all,--table "$$TABLE") $(where)
claims: build ## Judges the paper's claims by its numbers and by ours, from finished runs.
	$(pairs) $(jml) claims $(where)
publish: build ## Keeps what finished runs reached in results/<profile>/runs.jsonl.
	$(pairs) $(jml) publish $(where)
nightly: build ## Trains the subsets NIGHT anew and compares every cell with its reference (docs/nightly.md).
	$(pairs) $(jml) regress $$NIGHT $(if $(DATA),--data "$$DATA") "$$@"
site: build  ## Writes the results as static pages into SITE.
	$(pairs) $(jml) site --output "$$SITE" $(where)
status: build ## Says where each run of TABLE stands.
	$(pairs) $(jml) status --table "$$TABLE" $(where)
figure1 figure2 figure3: build ## Draws a figure of the paper that needs no training.
	$(jml) figure $(@:figure%=%) --output $(drawings)
figure4 figure5: build ## Trains the points of a figure, lists and draws them.
	$(pairs) $(jml) run --figure $(@:figure%=%) $(where) $(how) && $(jml) table --figure $(@:figure%=%) $(where) \
	  && $(jml) figure $(@:figure%=%) $(where) --output $(drawings)
figure7 figure8: build ## Trains the networks of a figure of pictures and draws it.
	$(pairs) $(jml) run --figure $(@:figure%=%) $(where) $(how) && $(jml) figure $(@:figure%=%) $(where) --output $(drawings)
figures: build ## Draws every figure, and trains what it needs.
	$(pairs) $(jml) run $(sweeps:%=--figure %) $(pictures:%=--figure %) $(where) $(how) && $(jml) table $(sweeps:%=--figure %) $(where)
	for number in 1 2 3; do $(jml) figure $$number --output $(drawings) || exit 1; done
	$(pairs) for number in $(sweeps) $(pictures); do $(jml) figure $$number $(where) --output $(drawings) || exit 1; done
data: build  ## Makes the embedded data, or checks DATA.
	$(jml) data $(if $(DATA),check,make) --profile "$$PROFILE" $(if $(DATA),--data "$$DATA")
doctor: build ## Checks machine, libraries, experiment files and folders.
	$(pairs) $(jml) doctor $(where)
bench: build ## Compares speed with PyTorch and OpenCV (PAIRS, ROWS=head,labels): results/bench.
	benchmarks/run.sh --jml $(jml) --pairs "$$PAIRS" $(if $(ROWS),--rows "$$ROWS") $(if $(SKIP),--skip "$$SKIP") \
	  $(if $(THREADS),--threads "$$THREADS") $(if $(BENCH),--out "$$BENCH")
bench-step: build ## Times one training step.
	$(jml) bench step --model deeplabv3_resnet18d --batch 4 --crop 256x512 --classes 19 --loss jml $(if $(THREADS),--threads "$$THREADS") --json
format:      ## Formats the sources.
	swift format --in-place --recursive --parallel Package.swift Sources Tests
lint:        ## Fails on unformatted sources and on warnings.
	swift format lint --strict --recursive --parallel Package.swift Sources Tests && $(build) --scratch-path .build-lint -Xswiftc -warnings-as-errors
clean:       ## Removes what was built; results and data stay.
	rm -rf .build .build-lint .build-tsan .build-fuzz .build-mpi .build-avx2 benchmarks/.venv Tests/TensorBoard/.venv
