# Every target is one line that calls scripts/setup.sh, swift or jml. Variables, all optional:
#   TABLE    table number, for run and table          DATA     folder with real data (default: embedded data)
#   PROFILE  smoke, mini or paper                     RESULTS  folder for results
#   JOBS     runs at a time                           THREADS  threads of each run
#   PAIRS    repeats of make bench                    ROWS     rows of make bench (default: all)
#   SKIP     modes of PyTorch that make bench leaves out
#   SET      overrides, such as SET="recipe.optimizer.learning_rate=0.02 loss.smooth=2"
TABLE   ?= 4
PROFILE ?= mini
JOBS    ?= 2
PAIRS   ?= 3

jml     := .build/release/jml
build   := swift build -c release
where   := --profile $(PROFILE) $(if $(DATA),--data "$(DATA)") $(if $(RESULTS),--results "$(RESULTS)") \
           $(foreach pair,$(SET),--set "$(pair)")
how     := --jobs $(JOBS) $(if $(THREADS),--threads $(THREADS))

.PHONY: help setup build test test-threads table4 table9 run table plan status figure1 figure2 figure3 data doctor bench bench-step \
        format lint clean
.DEFAULT_GOAL := help

help:        ## Lists the targets.
	@sed -n 's/^\([a-z0-9 -]*\): .*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20
setup:       ## Installs or names the packages that are missing.
	@scripts/setup.sh
build: setup ## Builds .build/release/jml.
	$(build)
test: setup  ## Builds and passes every test.
	swift test -c release --no-parallel --disable-testable-imports
test-threads: setup ## Runs the concurrent parts under the thread sanitizer.
	@scripts/test-threads.sh
table4: build ## Trains the grid of Table 4 and renders it.
	$(jml) run --table 4 $(where) $(how) && $(jml) table --table 4 $(where)
table9: build ## Counts and measures the networks of Table 9.
	$(jml) model measure --table 9 $(if $(THREADS),--threads $(THREADS)) && $(jml) table --table 9
run: build   ## Trains the runs of TABLE.
	$(jml) run --table $(TABLE) $(where) $(how)
table: build ## Renders TABLE from finished runs.
	$(jml) table --table $(TABLE) $(where)
plan: build  ## Lists the runs of TABLE.
	$(jml) plan --table $(TABLE) $(where)
status: build ## Says where each run of TABLE stands.
	$(jml) status --table $(TABLE) $(where)
figure1 figure2 figure3: build ## Draws a figure of the paper that needs no training.
	$(jml) figure $(@:figure%=%) --output "$(or $(RESULTS),results)/figures"
data: build  ## Makes the embedded data, or checks DATA.
	$(jml) data $(if $(DATA),check,make) --profile $(PROFILE) $(if $(DATA),--data "$(DATA)")
doctor: build ## Checks machine, libraries, experiment files and folders.
	$(jml) doctor $(where)
bench: build ## Compares speed with PyTorch and OpenCV (PAIRS, ROWS=head,labels): results/bench.
	benchmarks/run.sh --jml $(jml) --pairs $(PAIRS) $(if $(ROWS),--rows $(ROWS)) $(if $(SKIP),--skip $(SKIP)) \
	  $(if $(THREADS),--threads $(THREADS))
bench-step: build ## Times one training step.
	$(jml) bench step --model deeplabv3_resnet18d --batch 4 --crop 256x512 --classes 19 --loss jml $(if $(THREADS),--threads $(THREADS)) --json
format:      ## Formats the sources.
	swift format --in-place --recursive --parallel Package.swift Sources Tests
lint:        ## Fails on unformatted sources and on warnings.
	swift format lint --strict --recursive --parallel Package.swift Sources Tests && $(build) --scratch-path .build-lint -Xswiftc -warnings-as-errors
clean:       ## Removes what was built; results and data stay.
	rm -rf .build .build-lint .build-tsan benchmarks/.venv
