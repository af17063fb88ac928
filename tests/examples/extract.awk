# Makes one C++ source of the examples in the comments of headers: awk -f extract.awk given.hpp HEADER...
#
# An example is what a /// comment sets apart as code: indented by four spaces more than its text, or fenced with ```cpp.
# An indented block that has a ; or a brace outside // is code, and else a formula or a list, which is left out. Code that begins with the definition of a class or function stands in the header's
# namespace, any other in a function there. #line makes the compiler name the header and its line.
# What an example takes as given is in given.hpp, in a section for each header. For POSIX awk.

FNR == 1 {
  end_block()
  fenced = 0
  is_given = NR == 1
  section = ""
}

is_given {
  if ($0 ~ /^\/\/ == /) {
    section = $3
    if (section in given) { print FILENAME ": two sections for " section > "/dev/stderr"; failed = 1 }
    given[section] = "#line " (FNR + 1) " \"" FILENAME "\"\n"
  } else given[section] = given[section] $0 "\n"
  next
}

# "   for (const auto& x : all) {  // each" -> "for (const auto& x : all) {"
function code_of(line) {
  sub(/^ +/, "", line)
  sub(/\/\/.*$/, "", line)
  sub(/[ \t]+$/, "", line)
  return line
}
function add(line) {
  if (block == "") {
    block_line = FNR
    header = FILENAME
    first = code_of(line)
  }
  block = block line "\n"
  if (fenced || code_of(line) ~ /[;{}]/) is_code = 1
}
function end_block() {
  if (is_code) {
    count++
    example[count] = "#line " block_line " \"" header "\"\n" block
    in_header[count] = header
    defines[count] = first ~ /\{$/ && first ~ /^(class|struct|template|[A-Za-z0-9_:<>]+ [a-z0-9_]+\()/
    if (!(header in used)) { used[header] = 1; headers++; includes = includes "#include \"" header "\"\n" }
  }
  block = ""
  is_code = 0
}

/^namespace [a-z_:]+ \{/ && !(FILENAME in space) { space[FILENAME] = $2 }

{
  is_comment = match($0, /^ *\/\/\//)
  text = is_comment ? substr($0, RLENGTH + 1) : ""
  code = $0
  sub(/\/\/\//, "   ", code)  # every character keeps its place
  if (fenced) {
    if (!is_comment || text ~ /^ *```/) { end_block(); fenced = 0 }
    else add(code)
  } else if (text ~ /^ *```cpp/) {
    end_block()
    fenced = 1
  } else if (text ~ /^     [^ ]/ || (text ~ /^     / && block != "")) add(code)
  else if (is_comment && text ~ /^ *$/ && is_code) block = block "\n"  # more of it may follow
  else end_block()
}

END {
  end_block()
  for (name in given) {
    if (name != "" && !(name in used)) { print "given.hpp: " name " has no example" > "/dev/stderr"; failed = 1 }
  }
  if (failed) exit 1
  printf "%s", includes given[""]
  for (i = 1; i <= count; i++) {
    header = in_header[i]
    print "namespace " (header in space ? space[header] : "gradus") "::example_" i " {"
    printf "%s", given[header]
    if (!defines[i]) print "void example() {"
    printf "%s", example[i]
    if (!defines[i]) print "}"
    print "}"
  }
  print count " examples in " headers " headers" > "/dev/stderr"
}
