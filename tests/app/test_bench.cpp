// gradus bench: what it tells of each part, the floor over all kernel sets, and its picture. What a time is,
// no test says.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "app/bad_input.hpp"
#include "app/bench/processor.hpp"
#include "app/program.hpp"
#include "autograd/kernels/products/blis_choice.hpp"
#include "support/catch.hpp"
#include "support/sanitized.hpp"

using namespace gradus;
using namespace gradus::test;

namespace {

using Json = nlohmann::json;
using Words = std::vector<std::string>;

/// What `gradus bench` prints as JSON.
Json bench(const TemporaryFolder& folder, Words arguments) {
  arguments.insert(arguments.begin(), "bench");
  arguments.push_back("--json");
  const ProgramResult result = call_gradus(folder.path(), arguments);
  INFO(result.errors);
  REQUIRE(result.exit_code == 0);
  return Json::parse(result.out);
}

Words keys_of(const Json& object) {
  Words keys;
  for (const auto& [key, value] : object.items()) keys.push_back(key);
  return keys;  // in the order of the alphabet
}

const Words small_step = {"tiny", "--what",       "step", "--batch", "1", "--length",
                          "8",    "--vocab-size", "50",   "--steps", "1"};

Words of_step(const Words& more) {
  Words call = small_step;
  call.insert(call.end(), more.begin(), more.end());
  return call;
}

}  // namespace

TEST_CASE("bench: the processor's name is the one that Linux tells, or else that of the kind of machine") {
  CHECK(app::processor_name("processor\t: 0\nmodel\t\t: 17\nmodel name\t: Some  Maker\tCPU @ 2 GHz\n", "x") ==
        "Some Maker CPU @ 2 GHz");
  CHECK(app::processor_name("Model : Board 4\nmodel name: The Core\n", "x") == "The Core");
  CHECK(app::processor_name("cpu\t\t: POWER9, altivec supported\nmodel\t: 1\n", "ppc64le") ==
        "POWER9, altivec supported");
  CHECK(app::processor_name("system type : x\ncpu model\t: MIPS 24Kc V7.4", "mips") == "MIPS 24Kc V7.4");
  CHECK(app::processor_name("CPU implementer\t: 0x41\nCPU part\t: 0xd40\n\nHardware\t: BCM2711\n",
                            "aarch64") == "BCM2711");
  CHECK(app::processor_name("CPU implementer\t: 0x41\nmodel name :  \nno colon\n", "aarch64") ==
        "aarch64 processor");
  CHECK(app::processor_name("", "x86_64") == "x86_64 processor");
  CHECK(!app::processor_name().empty());
}

TEST_CASE("bench: JSON has the machine, and a part only where it was asked for") {
  const TemporaryFolder folder;
  const Words machine = {"blis_gigaflops", "blis_kernels", "blis_kernels_why", "blis_share_of_peak",
                         "by_threads",     "cores",        "memory_gigabytes", "peak_gigaflops",
                         "processor",      "threads",      "vector_bits"};
  const auto with_machine = [&](const std::string& part) {
    Words keys = machine;
    keys.push_back(part);
    std::ranges::sort(keys);
    return keys;
  };
  const Json inference =
      bench(folder, {"tiny", "--what", "inference", "--length", "8", "--vocab-size", "50", "--threads", "1"});
  CHECK(keys_of(inference) == with_machine("inference"));
  CHECK(inference.at("processor") == app::processor_name());
  CHECK(inference.at("cores") >= 1);
  CHECK(inference.at("memory_gigabytes") > 0);
  REQUIRE(inference.at("inference").size() == 2);
  const Json& row = inference.at("inference")[1];
  CHECK(keys_of(row) ==
        Words{"batch", "length", "milliseconds", "sequences_a_second", "share_of_peak", "size", "threads"});
  CHECK(inference.at("inference")[0].at("batch") == 1);
  CHECK(row.at("batch") == 32);
  CHECK(row.at("sequences_a_second").get<double>() ==
        Approx(32e3 / row.at("milliseconds").get<double>()).epsilon(1e-9));
  const double peak = 1e9 * inference.at("peak_gigaflops").get<double>();
  const double operations =
      row.at("share_of_peak").get<double>() * peak * 1e-3 * row.at("milliseconds").get<double>();
  CHECK(operations == Approx(2.0 * 32 * 8 * 2 * (12 * 128 * 128 + 2 * 8 * 128)));  // 2 B S L (12 H^2 + 2 S H)

  const Json text = bench(folder, {"--what", "tokenizer", "vocabulary", "--threads", "1"});
  CHECK(keys_of(text) == with_machine("text"));
  CHECK(keys_of(text.at("text")) == Words{"bytes", "ids_megabytes_a_second", "ids_tokens_a_second",
                                          "offsets_megabytes_a_second", "offsets_tokens_a_second", "pieces",
                                          "text", "tokens", "vocabulary_megabytes_a_second",
                                          "vocabulary_milliseconds"});
  CHECK(text.at("text").at("text") == "10,000 stories of the toy world");

  const Json tensors = bench(folder, {"--what", "tensors", "--threads", "1"});
  CHECK(keys_of(tensors) == with_machine("tensors"));
  CHECK(keys_of(tensors.at("tensors")) == Words{"chains", "matmul", "mlp_step_microseconds"});
  REQUIRE(tensors.at("tensors").at("matmul").size() == 6);
  int64_t size = 8;
  for (const Json& product : tensors.at("tensors").at("matmul")) {
    CHECK(keys_of(product) ==
          Words{"backward_nanoseconds", "nanoseconds", "recorded_nanoseconds", "share_of_peak", "size"});
    CHECK(product.at("size") == size);
    const double reached = 2e9 * std::pow(size, 3) / product.at("nanoseconds").get<double>();
    CHECK(product.at("share_of_peak").get<double>() > 0);
    CHECK(product.at("share_of_peak").get<double>() < 2);
    CHECK(reached > 0);
    size *= 2;
  }
  for (const Json& chain : tensors.at("tensors").at("chains"))
    CHECK(keys_of(chain) == Words{"nanoseconds_an_operation", "numbers", "operations"});
}

TEST_CASE("bench: a text of one's own is cut and learnt of, by its own number of pieces") {
  const TemporaryFolder folder;
  write(folder / "own.txt", "the cat sat on the mat\n\n  the dog sat on the cat  \n");
  const Json json = bench(folder, {"--what", "tokenizer", "--text", "own.txt", "--vocab-size", "40"});
  const Json& text = json.at("text");
  CHECK(text.at("text") == "own.txt");
  CHECK(text.at("bytes") == 23 + 23);  // two lines that show something, each with its end
  CHECK(text.at("pieces") <= 40);
  CHECK(text.at("tokens") >= 12);
  CHECK(!text.contains("vocabulary_milliseconds"));
}

TEST_CASE("bench: one thread and then all, unless a number is given") {
  const TemporaryFolder folder;
  const auto threads = [](const Json& rows) {
    std::vector<int> counts;
    for (const Json& row : rows) counts.push_back(row.at("threads"));
    return counts;
  };
  const auto call = [&](const std::string& environment) {
    const ProgramResult result = run_program({GRADUS_PROGRAM, "bench", "tiny", "--what", "inference",
                                              "--length", "8", "--vocab-size", "50", "--json"},
                                             environment);
    REQUIRE(result.exit_code == 0);
    return Json::parse(result.out);
  };
  const Json two = call("OMP_NUM_THREADS=2");
  CHECK(threads(two.at("by_threads")) == std::vector<int>{1, 2});
  CHECK(threads(two.at("inference")) == std::vector<int>{1, 1, 2, 2});
  CHECK(two.at("threads") == 2);
  CHECK(two.at("peak_gigaflops") == two.at("by_threads")[1].at("peak_gigaflops"));
  CHECK(threads(call("OMP_NUM_THREADS=1").at("by_threads")) == std::vector<int>{1});
  const Json chosen = bench(folder, of_step({"--threads", "1"}));
  CHECK(threads(chosen.at("by_threads")) == std::vector<int>{1});
  CHECK(threads(chosen.at("sizes")) == std::vector<int>{1});
}

TEST_CASE("bench: the floor counts each kind of product with the fastest of all kernel sets that run here") {
  std::vector<std::string> names = kernels::usable_blis_sets(kernels::this_blis_host());
  if (names.empty()) return;  // a kind of processor whose sets are not known here
  const TemporaryFolder folder;
  const Json json = bench(folder, of_step({"--threads", "1"}));
  const Json& tiny = json.at("sizes").at(0);
  Words sets;
  int64_t kinds = 0;
  double least_kinds = 0;
  for (const Json& set : tiny.at("kernel_sets")) {
    sets.push_back(set.at("name"));
    kinds += set.at("fastest_of").get<int64_t>();
    CHECK(set.at("milliseconds") > 0);
    least_kinds += set.at("fastest_of").get<int64_t>() > 0;
  }
  CHECK(sets.front() == json.at("blis_kernels"));  // its own comes first
  std::ranges::sort(sets);
  std::ranges::sort(names);
  CHECK(sets == names);
  CHECK(kinds >= 10);
  CHECK(least_kinds >= 1);
  CHECK(tiny.at("floor_milliseconds") <= tiny.at("own_floor_milliseconds"));
  CHECK(tiny.at("ratio").get<double>() ==
        Approx(tiny.at("step_milliseconds").get<double>() / tiny.at("floor_milliseconds").get<double>())
            .epsilon(1e-9));
}

TEST_CASE("bench: an operation has the bytes that it moves, and a product its operations") {
  const TemporaryFolder folder;
  const Json json = bench(folder, of_step({"--threads", "1"}));
  const auto find = [&](const std::string& name) {
    for (const Json& operation : json.at("sizes").at(0).at("operations"))
      if (operation.at("name") == name) return operation;
    FAIL(name);
    return Json();
  };
  // Eight slots of 128: four arrays, in two layers twice each. In the last layer only what a head looks at
  // goes through: one masked position and the first.
  const int64_t row = 128 * 4;
  CHECK(find("residual_layer_norm").at("calls") == 4);
  CHECK(find("residual_layer_norm").at("bytes").get<int64_t>() % (4 * row) == 0);
  CHECK(find("residual_layer_norm").at("bytes").get<int64_t>() >= 4 * 2 * 8 * row);
  CHECK(find("gemm").at("flops") > 0);
  CHECK(find("attention").at("flops") > 0);
  double sum = 0;
  for (const Json& operation : json.at("sizes").at(0).at("operations"))
    sum += operation.at("milliseconds").get<double>();
  CHECK(sum <= json.at("sizes").at(0).at("profiled_milliseconds").get<double>());
  CHECK(find("optimizer").at("bytes").get<int64_t>() % (7 * 4) == 0);
}

TEST_CASE("bench: --svg draws what was timed, and is not written over") {
  if (is_sanitized) return;  // it times what the cases above time
  const TemporaryFolder folder;
  const ProgramResult all =
      call_gradus(folder.path(), {"bench",        "tiny",    "--what",  "step",    "inference", "tokenizer",
                                  "vocabulary",   "tensors", "--batch", "1",       "--length",  "8",
                                  "--steps",      "1",       "--svg",   "all.svg", "--threads", "1",
                                  "--vocab-size", "200"});
  REQUIRE(all.exit_code == 0);
  CHECK(all.errors == "gradus bench: all.svg is drawn\n");
  const std::string picture = read_file(folder / "all.svg");
  CHECK(picture.starts_with("<svg"));
  for (const std::string part :
       {"Of the peak: a training step, and its products alone", "step, 1 thread", "floor, 1 thread",
        "Sequences embedded in a second", "batch 32, 1 thread", "Megabytes of text a second, one thread",
        "learning a vocabulary", "Of the peak: matmul of n x n, one thread",
        "Milliseconds of a step of tiny, 1 thread", "its backward", "the rest"}) {
    INFO(part);
    CHECK(picture.find(">" + part) != std::string::npos);
  }
  CHECK(all.out.find("tiny (1 row of 8), 1 thread: step ") != std::string::npos);
  CHECK(all.out.find("embed tiny, 32 rows of 8, 1 thread: ") != std::string::npos);
  CHECK(all.out.find("  tokenising, with offsets ") != std::string::npos);
  CHECK(all.out.find("  a step of an MLP, 32 rows, 64 -> 128 -> 10: ") != std::string::npos);
  CHECK(call_gradus(folder.path(), of_step({"--svg", "all.svg"})).exit_code == 2);
  CHECK(read_file(folder / "all.svg") == picture);
}

TEST_CASE("bench refuses wrong calls before it times anything") {
  const TemporaryFolder folder;
  write(folder / "there.svg", "mine");
  write(folder / "blank.txt", "\n  \n");
  check_refused(
      folder,
      {{{"bench", "huge"}, 2, " bench: SIZE: 'huge' is none of: tiny, mini, small, medium, base"},
       {{"bench", "--what", "speed"},
        2,
        " bench: --what: 'speed' is none of: step, inference, tokenizer, vocabulary, tensors"},
       {{"bench", "tiny", "--what", "tensors"}, 2, " bench: SIZE belongs to --what step or inference"},
       {{"bench", "--what", "inference", "--steps", "3"}, 2, " bench: --steps belongs to --what step"},
       {{"bench", "--what", "inference", "--batch", "3"}, 2, " bench: --batch belongs to --what step"},
       {{"bench", "--what", "tokenizer", "--dropout", "0"}, 2, " bench: --dropout belongs to --what step"},
       {{"bench", "--what", "tokenizer", "--length", "9"},
        2,
        " bench: --length belongs to --what step or inference"},
       {{"bench", "--what", "tensors", "--vocab-size", "99"},
        2,
        " bench: --vocab-size belongs to --what step or inference or tokenizer or vocabulary"},
       {{"bench", "--what", "step", "--text", "blank.txt"},
        2,
        " bench: --text belongs to --what tokenizer or vocabulary"},
       {{"bench", "--what", "tokenizer", "--text", "none.txt"},
        1,
        " bench: cannot read none.txt: there is no such file"},
       {{"bench", "--what", "vocabulary", "--text", "blank.txt"},
        1,
        " bench: blank.txt: no line of it shows anything"},
       {{"bench", "--svg", "there.svg"},
        2,
        " bench: there.svg is already there; name another with --svg, or replace it with --force"},
       {{"bench", "--svg", "there.png"},
        2,
        " bench: --svg: 'there.png' does not end in .svg, and nothing else is drawn"},
       {{"bench", "--svg", "no/such.svg"},
        1,
        " bench: cannot write no/such.svg: the folder no does not exist"}});
  const ProgramResult list = call_gradus(folder.path(), {"bench", "--floor-of", "none"});
  CHECK(list.exit_code == 2);
  CHECK(list.errors.starts_with(
      "gradus bench: --floor-of is for gradus bench itself, and this is not what it writes: "));
}
