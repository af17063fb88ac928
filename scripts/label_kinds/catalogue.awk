# The bytes of a compiled catalogue of translations, as `od -An -v -tu1` prints them, become lines "text TAB its
# translation". The form is in gettext's manual, "The Format of GNU MO Files".

function number(at) {
  if (little) return byte[at] + 256 * (byte[at + 1] + 256 * (byte[at + 2] + 256 * byte[at + 3]))
  return byte[at + 3] + 256 * (byte[at + 2] + 256 * (byte[at + 1] + 256 * byte[at]))
}
function string(at,   size, place, out) {
  size = number(at)
  for (place = number(at + 4); size > 0; size--) out = out sprintf("%c", byte[place++])
  return out
}
{ for (i = 1; i <= NF; i++) byte[n++] = $i + 0 }
END {
  little = byte[0] == 222
  if (n < 28 || byte[little ? 3 : 0] != 149 || byte[little ? 2 : 1] != 4 || byte[little ? 1 : 2] != 18) exit 1
  for (i = 0; i < number(8); i++) {
    text = string(number(12) + 8 * i)
    if (text != "" && text !~ /[\t\n]/) print text "\t" string(number(16) + 8 * i)
  }
}
