# Records of apt's lists become rows "package TAB source TAB text TAB section". Translations, which hold the long
# descriptions, come first; their field is Description-en. Both have the md5 of the whole description.

# Puts `with` where `what` stands as a word of its own, in any case.
function replaced(text, what, with,   low, at, size, before, after, out) {
  low = tolower(text)
  what = tolower(what)
  size = length(what)
  while ((at = index(low, what)) > 0) {
    if (at > 1) before = substr(low, at - 1, 1)
    after = substr(low, at + size, 2)
    out = out substr(text, 1, at - 1)
    if (before ~ /^[a-z0-9_+.-]$/ || after ~ /^([a-z0-9_+-]|[.][a-z0-9])/) out = out substr(text, at, size)
    else out = out with
    before = substr(low, at + size - 1, 1)
    text = substr(text, at + size)
    low = substr(low, at + size)
  }
  return out text
}

function end_record(   text) {
  if (is_translation) long_of[md5] = more
  else if (package != "" && section != "" && short != "") {
    if (md5 in long_of) more = long_of[md5]
    text = short
    if (more != "") text = text (text ~ /[.!?:]$/ ? " " : ". ") more
    sub(/ .*/, "", source)     # a version may stand behind it
    if (source == "") source = package
    sub(/^.*\//, "", section)  # contrib/net is net
    text = replaced(text, package, "this package")
    if (source ~ /-/) text = replaced(text, source, "this package")
    sub(/[-.0-9]+$/, "", source)  # gcc-11 and gcc-12 have much in common
    print package "\t" source "\t" text "\t" section
  }
  package = source = section = short = more = md5 = field = ""
  is_translation = 0
}

/^[ \t]*$/ { end_record(); next }
/^[^ \t]/ {
  at = index($0, ":")
  field = substr($0, 1, at - 1)
  value = substr($0, at + 1)
  gsub(/[ \t\r]+/, " ", value)
  gsub(/^ | $/, "", value)
  if (field == "Package") package = value
  else if (field == "Source") source = value
  else if (field == "Section") section = value
  else if (field == "Description-md5") md5 = value
  else if (field == "Description" || field == "Description-en") {
    short = value
    is_translation = field == "Description-en"
  }
  next
}
field == "Description" || field == "Description-en" {
  gsub(/[ \t\r]+/, " ")
  gsub(/^ | $/, "")
  if ($0 != ".") more = more (more == "" ? "" : " ") $0
}
END { end_record() }
