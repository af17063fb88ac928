// gradus experiment: its list, its text and JSON, its pictures, and what it refuses.
#include <nlohmann/json.hpp>

#include "app/bad_input.hpp"
#include "app/program.hpp"
#include "support/catch.hpp"

using namespace gradus;
using namespace gradus::test;

TEST_CASE("experiment lists the experiments", "[experiment]") {
  const TemporaryFolder folder;
  const ProgramResult text = call_gradus(folder.path(), {"experiment"});
  CHECK(text.exit_code == 0);
  CHECK(text.out.starts_with("step      How does the error of a difference depend on its step? ("));
  const auto json = nlohmann::json::parse(call_gradus(folder.path(), {"experiment", "--json"}).out);
  CHECK(json.at("experiments").size() == 7);
  CHECK(json["experiments"][6].at("name") == "softmax");
  CHECK(content_of(folder.path()).empty());
}

TEST_CASE("experiment prints a table with a conclusion, and draws", "[experiment]") {
  const TemporaryFolder folder;
  const ProgramResult gelu = call_gradus(folder.path(), {"experiment", "gelu"});
  CHECK(gelu.exit_code == 0);
  CHECK(gelu.out.starts_with("How far apart are the two forms of GELU"));
  CHECK(gelu.out.find("\nThe values differ by 4.73e-04 at most") != std::string::npos);
  CHECK(gelu.errors == "gradus experiment: gelu.svg is drawn\n");
  CHECK(read_file(folder / "gelu.svg").starts_with("<svg"));
  // The picture of an earlier run is replaced.
  CHECK(call_gradus(folder.path(), {"experiment", "gelu", "--seed", "2"}).exit_code == 0);

  const ProgramResult step =
      call_gradus(folder.path(), {"experiment", "step", "--subject", "tanh", "--plot", "v.svg", "--json"});
  const auto json = nlohmann::json::parse(step.out);
  CHECK(step.errors.empty());
  CHECK(json.at("schema") == 1);
  const auto& found = json.at("experiments")[0];
  CHECK(found.at("name") == "step");
  CHECK(found.at("picture") == "v.svg");
  CHECK(found.at("rows")[0].size() == found.at("columns").size());
  CHECK(found.at("facts").at("truncation_slope").get<double>() == Approx(2).margin(0.2));
  CHECK(content_of(folder.path()).size() == 2);
}

TEST_CASE("experiment's numbers are repeatable", "[experiment]") {
  const TemporaryFolder folder;
  const auto run = [&](const std::string& threads) {
    return call_gradus(folder.path(), {"experiment", "size", "--seed", "3", "--threads", threads, "--json"})
        .out;
  };
  const std::string once = run("1");
  CHECK(once == run("2"));
  CHECK(once != call_gradus(folder.path(), {"experiment", "size", "--seed", "4", "--json"}).out);
}

TEST_CASE("experiment refuses wrong calls", "[experiment]") {
  const TemporaryFolder folder;
  write(folder / "file", "mine\n");
  check_refused(
      folder,
      {
          {{"experiment", "deth"}, 2, " experiment: there is no experiment 'deth'; did you mean 'depth'?"},
          {{"experiment", "xyzzy"},
           2,
           " experiment: there is no experiment 'xyzzy'; gradus experiment lists them"},
          {{"experiment", "--plot", "a.svg"},
           2,
           " experiment: name an experiment, or all; gradus experiment lists them"},
          {{"experiment", "all", "--plot", "a.svg"},
           2,
           " experiment: --plot names one picture; give a folder by --plot-dir for all of them"},
          {{"experiment", "gelu", "--plot", "a.svg", "--plot-dir", "b"},
           2,
           " experiment: --plot and --plot-dir do not go together"},
          {{"experiment", "gelu", "--subject", "tanh"},
           2,
           " experiment: --subject belongs to the experiment step"},
          {{"experiment", "step", "--subject", "gelo"},
           2,
           " experiment: --subject: there is no subject 'gelo'; did you mean 'gelu'?"},
          {{"experiment", "step", "--subject", ""},
           2,
           " experiment: --subject: there is no subject ''; gradus gradcheck lists them"},
          {{"experiment", "gelu", "--seed", "-1"},
           2,
           " experiment: --seed: '-1' is not a whole number of at least 0"},
          {{"experiment", "gelu", "depth"},
           2,
           " experiment: 'depth' is one argument too many; see gradus experiment --help"},
          {{"experiment", "gelu", "--plot-dir", "file"},
           1,
           " experiment: cannot make the folder file: a part of this path is a file, not a folder"},
          {{"experiment", "gelu", "--plot", "no/such.svg"},
           1,
           " experiment: cannot write no/such.svg: the folder no does not exist"},
      });
}
