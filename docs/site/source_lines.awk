# Where a block of code stands in the sources, by the rules of tutorials/support/readme.hpp: line by line, but for an
# indentation common to all of its lines; a line that is only "// ..." stands for any lines left out.

function read_source(file,    line) {
  if (file in source_lines) return
  source_lines[file] = 0
  while ((getline line < file) > 0) source[file, ++source_lines[file]] = line
  close(file)
}

function is_gap(text) { return text ~ /^[ \t]*\/\/ \.\.\.$/ }

# The last line of `file` that block[1..count] takes up if its first stands in line `at`; 0 if it does not.
function last_line(file, at, block, count,    indent, place, i, skipping) {
  place = index(source[file, at], block[1])
  if (place == 0) return 0
  indent = substr(source[file, at], 1, place - 1)
  if (indent !~ /^ *$/) return 0
  skipping = 0
  for (i = 1; i <= count; i++) {
    if (is_gap(block[i])) { skipping = 1; continue }
    while (at <= source_lines[file] && source[file, at] != (block[i] == "" ? "" : indent block[i])) {
      if (!skipping) return 0
      at++
    }
    if (at > source_lines[file]) return 0
    skipping = 0
    at++
  }
  return at - 1
}

# "folder/file.cpp, lines 3 to 9" for block[1..count], looked for in `files` (names with spaces between them).
function place_of(block, count, files,    names, n, i, at, end, first) {
  first = 1
  while (first < count && is_gap(block[first])) first++
  n = split(files, names, " ")
  for (i = 1; i <= n; i++) {
    read_source(names[i])
    for (at = 1; at <= source_lines[names[i]]; at++) {
      end = last_line(names[i], at, block, count)
      if (end == at) return names[i] ", line " at
      if (end > 0) return names[i] ", lines " at " to " end
    }
  }
  return ""
}
