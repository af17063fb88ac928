// gradus finetune: a task on top of a pretrained BERT, learnt from labelled examples.
#include <memory>

#include "app/command.hpp"
#include "app/commands.hpp"
#include "app/finetune/finetune_options.hpp"
#include "app/finetune/sweep.hpp"
#include "app/finetune/task_run.hpp"
#include "app/options/options.hpp"
#include "app/ranks/ranks.hpp"
#include "app/ranks/workers.hpp"
#include "app/terminal/progress.hpp"

namespace gradus::app {
namespace {

void run(FinetuneCall call) {
  settle(call);
  call.loop.world = join_ranks(call.stall_minutes, call.threads);
  Progress progress("fine-tuning");
  if (is_sweep(call)) {
    if (call.loop.world->size() > 1)
      fail<WrongCall>("a sweep is many runs, and a small one gains nothing from {}; {}", colleagues(),
                      how_to_be_alone());
    const SweepResult result = run_sweep(call, progress);
    progress.clear();
    if (call.json) return print(app::to_json(result));
    return print(fmt::format("{}\n{}kept: {}\nmodel:  {}\nreport: {}\ntable:  {}\n", result.measure,
                             app::to_text(result), result.best_run, call.out.string(),
                             (call.out / "report.html").string(), (call.out / "sweep.html").string()));
  }
  const TaskResult result = run_task(call, progress);
  progress.clear();
  if (call.json) {
    nlohmann::ordered_json summary{{"task", call.task}};
    summary.update(app::to_json(result.findings, result.baselines));
    summary["steps"] = result.steps;
    summary["best_step"] = result.best_step;
    summary["seconds"] = result.seconds;
    if (result.step_memory > 0) summary["step_memory_bytes"] = result.step_memory;
    summary["folder"] = call.out.string();
    return print(summary);
  }
  print(fmt::format("{}{} in {}\nmodel:  {}\nreport: {}\n", app::to_text(result.findings, result.baselines),
                    counted(result.steps, "step"), clock_text(result.seconds), call.out.string(),
                    (call.out / "report.html").string()));
}

}  // namespace

void add_finetune(CLI::App& program) {
  auto call = std::make_shared<FinetuneCall>();
  CLI::App* c = add_command(program, "finetune", "Teach a pretrained BERT a task from labelled examples",
                            "gradus corpus toy --out toy --stories 2000\n"
                            "gradus corpus toy --task topic --examples 400 --out topic\n"
                            "gradus pretrain toy/train.txt --held-out toy/held-out.txt --out model "
                            "--vocab-size 400 --steps 20 --evaluation-rows 64\n"
                            "gradus finetune classification model topic/train.tsv "
                            "--validation topic/validation.tsv --out topics --epochs 1\n"
                            "gradus predict topics topic/test.tsv --score");
  add_options(*c, *call);
  explain_above_example(*c,
                        "classification and regression read a table with tabs. Its first line names the "
                        "columns: text and label,\n"
                        "and for pairs of texts pair; other columns are passed over. The label is a name or, "
                        "for regression, a\n"
                        "number. entities reads CoNLL: a word and its tag a line, an empty line after a "
                        "sentence. questions reads\n"
                        "JSON of SQuAD 2.0's shape. similarity reads pairs with a number each. choices has "
                        "the columns choice1, "
                        "choice2 and so on, and\n"
                        "the label is one of their names. pronouns has first_noun and second_noun beside the "
                        "text, and the label is\n"
                        "first or second: the model learns to name that noun in the place of the pronoun.");
  on_call(*c, [call, c] {
    call->given = given_options(*c);
    with_workers(call->workers, call->stall_minutes, [&] { run(*call); });
  });
}

}  // namespace gradus::app
