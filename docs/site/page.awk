# Turns a page written for GitHub into one that Doxygen reads the same way: $...$, $`...`$ and ```math become
# Doxygen's formulas, headings get the anchors that GitHub gives them, links lead to pages of the site, and images
# become plain <img>. What stands in code stays as it is. No line is added before the last, so that Doxygen's
# warnings name the right one.
# Variables: id (the page's name in the site), path (the file, from the project's folder), title (of the page, if
# not its own), links (a file of lines "path TAB address"), index_file (gets the headings, and the words below each,
# for the search), sources (files in which the C++ of the page stands), blocks_file (gets a line "kind TAB caption" for
# each block, for blocks.awk), ending (HTML that closes the page). For POSIX awk, mawk too, after source_lines.awk.

BEGIN {
  while ((getline line < links) > 0) {
    tab = index(line, "\t")
    address[substr(line, 1, tab - 1)] = substr(line, tab + 1)
  }
  folder = path
  if (!sub("/[^/]*$", "", folder)) folder = ""
  after_blank = 1
}

# "a/b" and "../c/d" -> "a/c/d"
function join(base, more,    parts, kept, count, n, i, result) {
  count = split(base == "" ? more : base "/" more, parts, "/")
  n = 0
  for (i = 1; i <= count; i++) {
    if (parts[i] == "" || parts[i] == ".") continue
    if (parts[i] == ".." && n > 0) n--
    else kept[++n] = parts[i]
  }
  result = n > 0 ? kept[1] : ""
  for (i = 2; i <= n; i++) result = result "/" kept[i]
  return result
}

# The address of a link's target in the site; empty if the site does not have it.
function site_address(target,    at, part, place) {
  if (target ~ /^[a-z]+:/) return target
  at = index(target, "#")
  part = at > 0 ? substr(target, at + 1) : ""
  if (at > 0) target = substr(target, 1, at - 1)
  if (target == "") return "#" id "-" part
  target = join(folder, target)
  if (!(target in address)) return ""
  place = address[target]
  if (part == "") return place
  at = place
  sub(/\.html$/, "", at)
  return place "#" at "-" part
}

# As GitHub makes an anchor of a heading: lower case, no punctuation, hyphens for spaces.
function slug(heading,    text, count) {
  text = tolower(heading)
  gsub(/[][!"#$%&'()*+,.\/:;<=>?@\\^`{|}~]/, "", text)
  gsub(/ /, "-", text)
  count = seen[text]++
  return count ? text "-" count : text
}

function html(text) {
  gsub(/&/, "\\&amp;", text); gsub(/</, "\\&lt;", text); gsub(/>/, "\\&gt;", text); gsub(/"/, "\\&quot;", text)
  return text
}

# One line of prose. `formula` remembers over the lines of a paragraph whether one is open.
function prose(line,    result, c, n, run, rest, end, text, target, before, tagged) {
  result = ""
  tagged = line ~ /<[a-z]+ /
  while (line != "") {
    c = substr(line, 1, 1)
    if (formula != "") {  # up to the dollar that closes it
      end = index(line, formula)
      if (end == 0) return result line
      text = substr(line, 1, end - 1)
      if (formula == "`$") sub(/`$/, "", text)
      result = result text (formula == "$$" ? "\\f]" : "\\f$")
      line = substr(line, end + length(formula))
      formula = ""
    } else if (c == "\\" && length(line) > 1) {
      result = result substr(line, 1, 2)
      line = substr(line, 3)
    } else if (c == "`") {  # code: a run of backticks up to the next run as long
      match(line, /^`+/)
      run = substr(line, 1, RLENGTH)
      rest = substr(line, RLENGTH + 1)
      end = index(rest, run)
      if (end == 0) return result line
      result = result run substr(rest, 1, end - 1) run
      line = substr(rest, end + length(run))
    } else if (substr(line, 1, 2) == "$$") {
      result = result "\\f["
      formula = "$$"
      line = substr(line, 3)
    } else if (substr(line, 1, 2) == "$`") {
      result = result "\\f$"
      formula = "`$"
      line = substr(line, 3)
    } else if (c == "$" && line ~ /^\$[^ \t]/) {
      result = result "\\f$"
      formula = "$"
      line = substr(line, 2)
    } else if (match(line, /^!\[[^]]*\]\([^) ]*\)/)) {
      text = substr(line, 3, index(line, "](") - 3)
      target = substr(line, index(line, "](") + 2)
      target = substr(target, 1, index(target, ")") - 1)
      line = substr(line, RLENGTH + 1)
      result = result "@htmlonly<img src=\"" site_address(target) "\" alt=\"" html(text) "\">@endhtmlonly"
    } else if (substr(line, 1, 2) == "](" && (end = index(line, ")")) > 0) {
      target = site_address(substr(line, 3, end - 3))
      line = substr(line, end + 1)
      if (target != "") result = result "](" target ")"
      else {  # a file that the site does not show: its name is enough
        before = result
        sub(/\[[^[]*$/, "", before)
        result = before substr(result, length(before) + 2)
      }
    } else if (c == "\"" && !tagged) {  # Doxygen leaves a quotation as it is, formulas and code in it too
      result = result "&quot;"
      line = substr(line, 2)
    } else {
      result = result c
      line = substr(line, 2)
    }
  }
  return result
}

# What the search knows of a section: its heading, where it is, its page, and each of its words once.
function begin_section(heading, place, where) {
  end_section()
  section = "[\"" heading "\",\"" place "\",\"" where "\""
  section_place = place
}
function end_section(    word) {
  if (section != "" && index_file != "") print section ",\"" section_words "\"]," >> index_file
  section = section_words = ""
  for (word in in_section) delete in_section[word]
}
function learn_words(line,    word) {
  line = tolower(line)
  while (match(line, /[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?/)) {
    word = substr(line, RSTART, RLENGTH)
    if (!(word in in_section)) section_words = section_words (section_words == "" ? "" : " ") word
    in_section[word]
    line = substr(line, RSTART + RLENGTH)
  }
}
# A row of a table of commands: "| `gradus vocab` | learns ... |".
function learn_command(line,    cells) {
  split(line, cells, " *[|] *")
  gsub(/`/, "", cells[2]); gsub(/[`$*]/, "", cells[3]); gsub(/["\\]/, "", cells[3])
  if (index_file != "") print "[\"" cells[2] "\",\"" section_place "\",\"" cells[3] "\"]," >> index_file
}

# A block begins: of C++, of what a program prints (after an output comment), or of something else. A place in the
# sources is looked up where it ends.
function begin_block(language) {
  block_kind = language == "cpp" ? "code" : announced == "output" ? "output" : "plain"
  block_count = 0
}
function end_block(    caption) {
  caption = block_kind == "output" ? "what the program prints" : ""
  if (block_kind == "code" && (announced_file != "" || sources != "")) {
    caption = place_of(block, block_count, announced_file != "" ? announced_file : sources)
    if (caption == "") {
      print "site: " path ", line " NR ": the block that ends here stands in none of " sources > "/dev/stderr"
      failed = 1
    }
  }
  if (blocks_file != "") print block_kind "\t" caption >> blocks_file
  announced = announced_file = ""
}

# Empty lines are held back: where code by indentation begins and ends they become its fences, since Doxygen sees
# such code only after a plain paragraph.
function show_blanks(first) {
  for (; blanks > 0; blanks--) { print first; first = "" }
}

{
  blank = $0 ~ /^[ \t]*$/
  learn_words($0)
  if (fence != "") {  # inside ``` or ~~~
    if ($0 ~ "^ *" fence "+ *$") {
      if (maths) sub(/[`~]+/, "\\f]")
      else end_block()
      fence = ""
    } else block[++block_count] = $0
    print
    after_blank = 0
    next
  }
  if (blank) {
    formula = ""
    blanks++
    after_blank = 1
    next
  }
  if ($0 ~ /^<!-- output: /) announced = "output"
  else if ($0 ~ /^<!-- code: /) { announced_file = $0; gsub(/^<!-- code: *| *-->.*$/, "", announced_file) }
  else if ($0 !~ /^ *(```+|~~~+)/) announced = announced_file = ""
  if ($0 ~ /^[|] *`gradus [a-z-]+` *[|]/) learn_command($0)
  if ($0 ~ /^ ? ? ?([-*+]|[0-9]+[.)]) /) in_list = 1
  else if (after_blank && $0 ~ /^[^ \t]/) in_list = 0
  if ($0 ~ /^(    |\t)/ && !in_list && (after_blank || in_code)) {
    if (in_code) show_blanks("")
    else { blanks--; show_blanks(""); print "```{.unparsed}"; begin_block(""); end_block() }
    in_code = 1
    sub(/^(    |\t)/, "")
    print
    after_blank = 0
    next
  }
  show_blanks(in_code ? "```" : "")
  in_code = 0
  after_blank = 0
  if (match($0, /^ *(```+|~~~+)/)) {
    formula = ""
    fence = substr($0, RLENGTH - 2, 3)
    language = substr($0, RLENGTH + 1)
    gsub(/[ {}.]/, "", language)
    maths = language == "math"
    if (maths) sub(/[`~].*$/, "\\f[")
    else if (language ~ /^(cpp|c\+\+|hpp)$/) sub(/[^`~ ].*$/, "{.cpp}")
    else sub(/[^`~ ]*$/, "{.unparsed}")
    if (!maths) begin_block(language ~ /^(c\+\+|hpp)$/ ? "cpp" : language)
    print
    next
  }
  if ($0 ~ /^#+ /) {
    formula = ""
    match($0, /^#+/)
    level = RLENGTH
    heading = substr($0, RLENGTH + 2)
    sub(/ +#* *$/, "", heading)
    plain = heading
    gsub(/[`*$]/, "", plain)
    gsub(/\\/, "", plain)
    if (level == 1 && !titled) {
      titled = 1
      anchor = id
      page_title = title != "" ? title : plain
      print "# " page_title " {#" (id == "index" ? "mainpage" : id) "}"
      place = id ".html"
    } else {
      anchor = id "-" slug(heading)
      gsub(/`/, "", heading)  # Doxygen shows code in a heading as raw HTML
      print substr($0, 1, level) " " prose(heading) " {#" anchor "}"
      place = id ".html#" anchor
    }
    gsub(/"/, "\\\"", plain)
    begin_section(plain, place, level == 1 ? "page" : page_title)
    formula = ""
    next
  }
  print prose($0)
}

END {
  end_section()
  if (failed) exit 1
  show_blanks(in_code ? "```" : "")
  if (in_code && !after_blank) print "```"
  if (ending != "") print "\n@htmlonly[block]\n" ending "\n@endhtmlonly"
}
