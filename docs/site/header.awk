# How Doxygen reads a header: what stands below `/// @file` becomes the text of a topic named after the file, and
# what the header's namespaces declare belongs to that topic. Line numbers stay the same, so that warnings name the
# right line. scripts/site lists the topics. Environment: GRADUS_ROOT, the folder of the project.
NR == 1 {
  topic = substr(FILENAME, length(ENVIRON["GRADUS_ROOT"]) + 2)
  sub(/\.hpp$/, "", topic)
  gsub("/", "_", topic)
  sub(/^\/\/\/ @file/, "/// @addtogroup " topic)
}
/^ *\/\/\// { gsub(/et al\. /, "et al.\\ ") }  # no end of a sentence, and so of the brief text
# The group begins on the line after the brace, which is empty as a rule.
opening { print "@{ */ " $0; opening = 0; next }
/^namespace .*\{$/ { print $0 " /** @addtogroup " topic; opening = 1; next }
/^\}  \/\/ namespace/ { print "/** @} */ " $0; next }
# fmt's namespace is not ours: how it prints a type is no part of the API.
/^struct fmt::formatter</ && held { hidden = 1 }
held { print (hidden ? "" : "template <>"); held = 0 }
hidden { if (/};$/) hidden = 0; print ""; next }
/^template <>$/ { held = 1; next }
{ print }
