// The fields that gradient checks write are those that docs/gradcheck_schema.md lists, in its order and of
// its types.
#include <nlohmann/json.hpp>

#include "app/program.hpp"
#include "support/catch.hpp"

using namespace gradus::test;
using Json = nlohmann::ordered_json;

namespace {

struct Field {
  std::string name, type;
};

/// The words in backquotes.
std::vector<std::string> quoted_words(const std::string& text) {
  std::vector<std::string> words;
  for (size_t begin = text.find('`'); begin != std::string::npos; begin = text.find('`', begin)) {
    const size_t end = text.find('`', begin + 1);
    words.push_back(text.substr(begin + 1, end - begin - 1));
    begin = end + 1;
  }
  return words;
}

/// The tables of the page, each a list of fields.
std::vector<std::vector<Field>> documented_tables() {
  std::istringstream lines(gradus::read_file(GRADUS_SOURCE "/docs/gradcheck_schema.md"));
  std::vector<std::vector<Field>> tables;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("| field |")) tables.emplace_back();
    if (!line.starts_with("| `")) continue;
    const size_t first = line.find('|', 1), second = line.find('|', first + 1);
    const std::string type = line.substr(first + 2, second - first - 3);
    for (const std::string& name : quoted_words(line.substr(0, first))) tables.back().push_back({name, type});
  }
  return tables;
}

bool has_type(const Json& value, const std::string& type) {
  if (type.starts_with("number")) return value.is_number() || value.is_null();
  if (type == "text") return value.is_string();
  if (type == "bool") return value.is_boolean();
  if (type == "object") return value.is_object();
  if (type == "list or null") return value.is_array() || value.is_null();
  return type.starts_with("list") && value.is_array();
}

/// `object` has just these fields, in this order.
void check_fields(const Json& object, const std::vector<Field>& fields) {
  std::vector<std::string> found, wanted;
  for (const auto& entry : object.items()) found.push_back(entry.key());
  for (const Field& field : fields) {
    wanted.push_back(field.name);
    INFO(field.name << " is documented as " << field.type);
    REQUIRE(object.contains(field.name));
    CHECK(has_type(object.at(field.name), field.type));
  }
  CHECK(found == wanted);
}

Json json_of(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {GRADUS_PROGRAM, "gradcheck"});
  arguments.emplace_back("--json");
  return Json::parse(run_program(arguments).out);
}

}  // namespace

TEST_CASE("the JSON of gradient checks has the documented fields", "[gradcheck]") {
  const std::vector<std::vector<Field>> tables = documented_tables();
  REQUIRE(tables.size() == 4);
  std::vector<Field> report = tables[2];  // `subject` and `seconds` stand in front
  report.insert(report.end(), tables[0].begin(), tables[0].end());
  for (const std::vector<std::string>& call :
       std::vector<std::vector<std::string>>{{"LayerNorm", "relu"},
                                             {"softmax", "--directions", "2", "--second-order"},
                                             {"softmax", "--dtype", "f32"},
                                             {"mul", "--rules", "torch"}}) {
    const Json all = json_of(call);
    INFO(all);
    CHECK(all.size() == 4);
    CHECK(all.at("schema") == 1);
    CHECK(all.at("passed") == true);
    CHECK(all.at("counts").at("pass") == all.at("reports").size());
    CHECK(all.at("counts").at("kink") == 0);
    for (const Json& one : all.at("reports")) {
      check_fields(one, report);
      for (const Json& tensor : one.at("tensors")) check_fields(tensor, tables[1]);
    }
  }
}

TEST_CASE("the CSV of gradient checks has the documented columns", "[gradcheck]") {
  const std::string csv = run_program({GRADUS_PROGRAM, "gradcheck", "gelu", "--csv"}).out;
  std::string columns = "subject";
  const auto tables = documented_tables();
  for (const Field& field : tables[1]) columns += "," + field.name;
  CHECK(csv.substr(0, csv.find("\r\n")) == columns);
}

TEST_CASE("the JSON of a sweep has the documented fields", "[gradcheck]") {
  const Json sweep = json_of({"tanh", "--sweep"});
  CHECK(sweep.size() == 3);
  CHECK(sweep.at("schema") == 1);
  for (const std::string dtype : {"f64", "f32"}) {
    check_fields(sweep.at(dtype), documented_tables()[3]);
    for (const Json& point : sweep.at(dtype).at("points")) CHECK(point.size() == 2);
  }
}
