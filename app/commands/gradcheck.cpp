// gradus gradcheck: gradient checks of ops, layers and whole models.
#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>

#include "app/command.hpp"
#include "app/commands.hpp"
#include "app/commands/gradcheck_model.hpp"
#include "app/input/model_files.hpp"
#include "app/options/call_error.hpp"
#include "app/options/options.hpp"
#include "app/terminal/progress.hpp"
#include "autograd/file.hpp"
#include "autograd/plural.hpp"
#include "autograd/threads.hpp"
#include "gradlab/subject.hpp"
#include "gradlab/v_curve.hpp"

namespace gradus::app {
namespace {

using Json = nlohmann::ordered_json;

struct GradcheckCall {
  std::vector<std::string> names;
  std::string dtype = "f64", rules = "gradus";
  std::filesystem::path model, plot;
  int64_t directions = 0, sample = 0, seed = 1, length = 16, threads = 0;
  bool second_order = false, sweep = false, json = false, csv = false;
  bool has_length = false, has_seed = false;  // given, not the default
};

struct Finding {
  std::string name;
  GradcheckReport report;
  double seconds = 0;
};

/// Runs a check and takes its time.
template <class Check>
Finding timed(const std::string& name, Check check) {
  const auto start = std::chrono::steady_clock::now();
  GradcheckReport report = check();
  const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
  return {name, std::move(report), time.count()};
}

GradcheckOptions options_of(const GradcheckCall& call) {
  GradcheckOptions options;
  options.directions = call.directions;
  options.sample = call.sample;
  options.second_order = call.second_order;
  options.dtype = call.dtype == "f32" ? DType::f32 : DType::f64;
  options.seed = static_cast<uint64_t>(call.seed);
  if (call.rules == "torch") options.rules = GradcheckRules::torch;
  if (call.rules == "torch_fast") options.rules = GradcheckRules::torch_fast;
  if (call.rules == "jax") options.rules = GradcheckRules::jax;
  return options;
}

/// What the call names: subjects, or whole groups ("ops", "layers", "all").
std::vector<const lab::Subject*> chosen_subjects(const GradcheckCall& call) {
  std::vector<const lab::Subject*> chosen;
  std::vector<std::string> known = {"all", "ops", "layers"};
  for (const lab::Subject& subject : lab::subjects()) known.push_back(subject.name);
  for (const std::string& name : call.names) {
    const size_t before = chosen.size();
    for (const lab::Subject& subject : lab::subjects()) {
      if (name == subject.name || name == "all" || name == subject.group + "s") chosen.push_back(&subject);
    }
    if (chosen.size() > before) continue;
    const std::string near = nearest(name, known);
    fail<WrongCall>("there is no subject '{}'; {}", name,
                    near.empty() ? "gradus gradcheck lists them" : fmt::format("did you mean '{}'?", near));
  }
  return chosen;
}

void list_subjects(const GradcheckCall& call) {
  if (call.json) {
    Json list = Json::array();
    for (const lab::Subject& subject : lab::subjects()) {
      list.push_back({{"name", subject.name}, {"group", subject.group}, {"smooth", subject.smooth}});
    }
    return print(Json{{"subjects", list}});
  }
  std::string text;
  for (const std::string group : {"op", "layer"}) {
    text += fmt::format("{}s\n", group);
    std::string line = " ";
    for (const lab::Subject& subject : lab::subjects()) {
      if (subject.group != group) continue;
      if (line.size() + subject.name.size() > 98) {
        text += line + "\n";
        line = " ";
      }
      line += " " + subject.name;
    }
    text += line + "\n";
  }
  print(text + "Name some of them, or: ops, layers, all. --model checks a model's pretraining loss.\n");
}

/// The pretraining loss of a model's folder: every parameter tensor, by a direction and some elements each
/// unless the call says otherwise.
Finding check_model(const GradcheckCall& call) {
  const bert::BertForPreTraining model = load_model("gradcheck", call.model);
  const bert::PretrainingBatch batch =
      random_batch(model.bert.config, call.length, static_cast<uint64_t>(call.seed));
  GradcheckOptions options = options_of(call);
  const bool by_differences = options.dtype == DType::f64 && options.rules == GradcheckRules::gradus;
  if (by_differences && options.directions == 0 && options.sample == 0) {
    options.directions = 2;
    options.sample = 10;
  }
  Progress progress("checking");
  options.progress = [&](const std::string& tensor, double fraction) { progress.update(fraction, tensor); };
  const auto loss = [&](const std::vector<Tensor>&) { return model.loss(batch).loss; };
  return timed(call.model.string(), [&] { return nn::gradcheck(model, loss, {}, options); });
}

std::vector<Finding> check_subjects(const GradcheckCall& call) {
  const std::vector<const lab::Subject*> subjects = chosen_subjects(call);
  const GradcheckOptions options = options_of(call);
  std::vector<Finding> findings;
  Progress progress("checking");
  for (const lab::Subject* subject : subjects) {
    progress.update(static_cast<double>(findings.size()) / static_cast<double>(subjects.size()),
                    subject->name);
    findings.push_back(
        timed(subject->name, [&] { return lab::check(subject->sample(options.seed), options); }));
  }
  return findings;
}

/// "worst error 1.2e-11 at step 1.0e-03", or "worst error 1.3 eps32, allowed 28".
std::string worst_error(const GradcheckReport& report) {
  const auto worst =
      std::max_element(report.inputs.begin(), report.inputs.end(),
                       [](const GradcheckResult& a, const GradcheckResult& b) { return a.error < b.error; });
  if (worst == report.inputs.end()) return "nothing to check";
  if (std::isnan(worst->in_eps32))
    return fmt::format("worst error {:.1e} at step {:.1e}", worst->error, worst->step);
  return fmt::format("worst error {:.2g} eps32, allowed {:.2g}; values moved by {:.1e} of themselves",
                     worst->in_eps32, worst->allowed_eps32, worst->step);
}

/// How many findings have each verdict.
std::array<int64_t, 4> counts_of(const std::vector<Finding>& findings) {
  std::array<int64_t, 4> counts{};
  for (const Finding& finding : findings) ++counts[static_cast<size_t>(finding.report.verdict)];
  return counts;
}

/// "42 tensors in 12.3 s".
std::string effort(const Finding& finding) {
  const size_t tensors = finding.report.inputs.size();
  return fmt::format("{} {} in {:.1f} s", tensors, plural(tensors, "tensor"), finding.seconds);
}

/// A table for each; of many, one line for each that passed.
std::string to_text(const std::vector<Finding>& findings) {
  constexpr size_t many = 8;
  std::string text;
  for (const Finding& finding : findings) {
    const auto& [name, report, seconds] = finding;
    if (findings.size() > many && report.passed) {
      text += fmt::format("{:<40} {:<5} {}\n", name, gradus::name(report.verdict), worst_error(report));
    } else {
      text += fmt::format("{}, {}, seed {}: {}, {}\n{}\n", name, report.kind, report.seed,
                          gradus::name(report.verdict), effort(finding), to_string(report));
    }
  }
  return text + fmt::format("Of {}: {}\n", findings.size(), to_string(counts_of(findings)));
}

std::string to_csv(const std::vector<Finding>& findings) {
  std::string text;
  for (const auto& [name, report, seconds] : findings) {
    const std::string table = gradus::to_csv(report);
    for (size_t begin = 0; begin < table.size();) {
      const size_t end = table.find("\r\n", begin);
      if (begin > 0 || text.empty())
        text += (begin == 0 ? "subject" : name) + "," + table.substr(begin, end - begin) + "\r\n";
      begin = end + 2;
    }
  }
  return text;
}

void show(const GradcheckCall& call, const std::vector<Finding>& findings) {
  const bool passed =
      std::all_of(findings.begin(), findings.end(), [](const Finding& f) { return f.report.passed; });
  if (call.json) {
    Json reports = Json::array();
    for (const auto& [name, report, seconds] : findings) {
      Json object = {{"subject", name}, {"seconds", seconds}};
      object.update(Json::parse(to_json(report)));
      reports.push_back(object);
    }
    Json counts;
    for (const Verdict verdict : {Verdict::pass, Verdict::kink, Verdict::inconclusive, Verdict::fail})
      counts[std::string(name(verdict))] = counts_of(findings)[static_cast<size_t>(verdict)];
    print(Json{{"schema", 1}, {"passed", passed}, {"reports", reports}, {"counts", counts}});
  } else if (call.csv) {
    print(to_csv(findings));
  } else {
    print(to_text(findings));
  }
  if (!passed) throw Exit{exit_failed};
}

/// "rounding slope -1.02", or that there is none.
std::string slope_of(const char* of, double slope) {
  return std::isnan(slope) ? fmt::format("no {} to fit a slope to", of)
                           : fmt::format("{} slope {:.2f}", of, slope);
}

std::string to_text(const Sweep& sweep) {
  std::string text = "step h        f64 error     f32 error\n";
  for (size_t i = 0; i < sweep.f64.points.size(); ++i) {
    const SweepPoint& point = sweep.f64.points[i];
    const auto& other = sweep.f32.points;
    const auto same =
        std::find_if(other.begin(), other.end(), [&](const SweepPoint& p) { return p.step == point.step; });
    text += fmt::format("{:<12.3e}  {:<12.2e}  {}\n", point.step, point.error,
                        same == other.end() ? "" : fmt::format("{:.2e}", same->error));
  }
  for (const SweepCurve* curve : {&sweep.f64, &sweep.f32}) {
    // A straight function is measured exactly by wide steps, and a layout op by all.
    const std::string best =
        std::isfinite(curve->best_error)
            ? fmt::format("best step {:.1e}, error {:.1e}", curve->best_step, curve->best_error)
            : "no error at any step";
    text += fmt::format("{}: {}; {}; {}\n", name(curve->dtype), best,
                        slope_of("truncation", curve->truncation_slope),
                        slope_of("rounding", curve->roundoff_slope));
  }
  return text;
}

void run_sweep(const GradcheckCall& call) {
  const std::vector<const lab::Subject*> subjects = chosen_subjects(call);
  if (subjects.size() != 1) fail<WrongCall>("--sweep takes one subject, such as gelu");
  const Sweep sweep = lab::sweep(subjects[0]->sample(static_cast<uint64_t>(call.seed)), options_of(call));
  if (!call.plot.empty()) write_file_atomically(call.plot, lab::v_curve_svg_file(sweep, subjects[0]->name));
  print(call.json ? to_json(sweep) + "\n" : to_text(sweep));
}

/// No option is dropped silently.
void refuse_what_does_not_go_together(const GradcheckCall& call) {
  const bool is_f32 = call.dtype == "f32", has_rules = call.rules != "gradus";
  const bool chooses = call.directions > 0 || call.sample > 0;
  const auto refuse_if = [](bool is_so, const char* sentence) {
    if (is_so) fail<WrongCall>("{}", sentence);
  };
  refuse_if(!call.plot.empty() && !call.sweep, "--plot draws what --sweep finds; give both");
  refuse_if(call.json && call.csv, "--json and --csv do not go together");
  refuse_if(!call.model.empty() && (!call.names.empty() || call.sweep),
            "--model is checked by itself, without subjects and --sweep");
  refuse_if(!call.model.empty() && call.rules == "torch",
            "--rules torch would take every element of a model; torch_fast and jax do not");
  refuse_if(call.has_length && call.model.empty(), "--length is for --model; give both");
  refuse_if(call.sweep && call.names.empty(), "--sweep takes one subject, such as gelu");
  refuse_if(call.names.empty() && call.model.empty() &&
                (is_f32 || has_rules || call.second_order || chooses || call.has_seed || call.csv),
            "there is nothing to check; name a subject, ops, layers or all, or give --model");
  refuse_if(
      call.sweep && (is_f32 || has_rules || call.second_order || call.directions > 0 || call.csv),
      "--sweep goes with --sample, --seed, --plot and --json only; it is of first order, in f64 and f32");
  refuse_if(call.second_order && (is_f32 || has_rules),
            "--second-order is by differences in f64; it goes with no --dtype f32 or --rules");
  refuse_if(chooses && (is_f32 || has_rules),
            "--dtype f32 and --rules choose themselves what to check, without --directions and --sample");
}

void run(const GradcheckCall& call) {
  refuse_what_does_not_go_together(call);
  if (call.threads > 0) set_num_threads(static_cast<int>(call.threads));
  if (!call.model.empty()) return show(call, {check_model(call)});
  if (call.sweep) return run_sweep(call);
  if (call.names.empty()) return list_subjects(call);
  show(call, check_subjects(call));
}

}  // namespace

void add_gradcheck(CLI::App& program) {
  auto call = std::make_shared<GradcheckCall>();
  CLI::App* c = add_command(
      program, "gradcheck", "Check gradients: of ops, of layers, of a whole model",
      "gradus gradcheck\n"
      "gradus gradcheck gelu LayerNorm\n"
      "gradus gradcheck softmax --second-order --directions 3\n"
      "gradus gradcheck layers --dtype f32\n"
      "gradus gradcheck gelu --sweep --plot v.svg\n"
      "gradus gradcheck relu --rules torch --json\n"
      "gradus corpus toy --out toy --stories 2000\n"
      "gradus pretrain toy/train.txt --out model --vocab-size 400 --layers 1 --hidden 64 --steps 2\n"
      "gradus gradcheck --model model --sample 2");
  explain_above_example(
      *c,
      "Exit codes:\n"
      "  0  all pass, or are at a kink, where any slope between those of the two sides is right; kinks are "
      "counted "
      "apart\n"
      "  1  some fail or are inconclusive\n"
      "  2  the call was wrong");
  add_texts(*c, "SUBJECT", call->names, "",
            "What to check: names from the list, ops, layers or all; none: list them");
  add_choice(*c, "--dtype", call->dtype, {"f64", "f32"},
             "f64: differences; f32: the f32 gradient against f64's");
  add_switch(*c, "--second-order", call->second_order,
             "Check the gradient's own gradient; the gradient itself is another check");
  add_whole(*c, "--directions", call->directions, "Random directions for each tensor", 0);
  add_whole(*c, "--sample", call->sample,
            "Random elements of each tensor; 0: all, or none beside --directions", 0);
  add_switch(*c, "--sweep", call->sweep, "Error against step instead, in f64 and f32");
  add_path(*c, "--plot", call->plot, "FILE", "Draw the sweep as SVG");
  add_choice(*c, "--rules", call->rules, {"gradus", "torch", "torch_fast", "jax"}, "Whose rules to judge by");
  add_path(
      *c, "--model", call->model, "FOLDER",
      "Check the pretraining loss of this model, every parameter tensor: by two directions and ten elements "
      "each, unless --directions or --sample is given");
  const Option length =
      add_whole(*c, "--length", call->length, "Slots a row of the batch that --model is checked on", 4);
  const Option seed = add_whole(*c, "--seed", call->seed, "Of values, cotangents and directions", 0);
  add_threads(*c, call->threads);
  add_json(*c, call->json);
  add_switch(*c, "--csv", call->csv, "Print comma-separated values");
  on_call(*c, [=] {
    call->has_length = length.is_given();
    call->has_seed = seed.is_given();
    run(*call);
  });
}

}  // namespace gradus::app
