#!/usr/bin/env bash
# Compiles what `jml table --format latex` prints: every table of the paper with its published numbers in one document, and
# the golden files of the tests, which have what published tables have not (failures, quoted numbers, parts of runs), in
# another. Installs Debian's texlive-latex-base and texlive-latex-recommended where they are missing. JML names the program.
set -euo pipefail
cd "$(dirname "$0")/.."
build=.build/latex
jml=${JML:-.build/release/jml}
fail() { echo "test-latex: $*" >&2; exit 1; }
. scripts/packages.sh

missing=()
command -v pdflatex > /dev/null || missing+=(texlive-latex-base)
kpsewhich booktabs.sty > /dev/null 2>&1 || missing+=(texlive-latex-recommended)
install_packages test-latex ${missing[@]+"${missing[@]}"}
[ -x "$jml" ] || fail "there is no $jml; run make build"

rm -rf "$build"
mkdir -p "$build"

# begin NAME: a document with the packages that tables say they need, on paper that is wide enough for all.
begin() {
  cat > "$build/$1.tex" << 'EOF'
\documentclass[11pt]{article}
\usepackage[paperwidth=56cm,paperheight=60cm,margin=2cm]{geometry}
\usepackage{booktabs}
\usepackage{amssymb}
\begin{document}
\listoftables
EOF
}

# add NAME FILE: a table on a page of its own.
add() {
  grep -q '^\\begin{table}$' "$2" || fail "$2 has no table"
  printf '\\clearpage\n\\input{%s}\n' "$(basename "$2")" >> "$build/$1.tex"
}

# compile NAME: twice, since the list of tables is of the time before; whatever does not come out as it was meant is an error.
compile() {
  printf '%s\n' '\end{document}' >> "$build/$1.tex"
  for _ in 1 2; do
    (cd "$build" && pdflatex -interaction=nonstopmode -halt-on-error -no-shell-escape "$1.tex" > "$1.out" 2>&1) \
      || { grep -A 5 '^!' "$build/$1.out" >&2; fail "$1.tex does not compile; see $build/$1.out"; }
  done
  ! grep -E 'Missing character|multiply.defined|undefined|Overfull|Float too large' "$build/$1.log" >&2 \
    || fail "$1.tex compiles with these warnings; see $build/$1.log"
  labels=$(grep -c '^\\newlabel{tab:' "$build/$1.aux")
  [ "$labels" -eq "$2" ] || fail "$1.pdf has $labels of $2 tables"
  echo "test-latex: $build/$1.pdf: $2 tables"
}

begin tables
count=0
for file in results/mini/table*.json results/costs/table*.json; do
  name=$(basename "$file" .json)
  number=$((10#${name#table}))
  "$jml" table --table "$number" --profile mini --published --dry-run --format latex > "$build/$name.tex" \
    || fail "jml table --table $number --format latex failed"
  add tables "$build/$name.tex"
  count=$((count + 1))
done
compile tables "$count"

begin golden
count=0
for file in Tests/TablesTests/Snapshots/*.tex; do
  cp "$file" "$build/golden-$(basename "$file")"
  add golden "$build/golden-$(basename "$file")"
  count=$((count + 1))
done
compile golden "$count"
