import Platform
import Testing

@Suite struct BatchJobTests {
  @Test func numbers() {
    #expect(BatchJob.number(in: [:]) == nil)
    #expect(BatchJob.number(in: ["SLURM_JOB_ID": "14"]) == "14")
    // A task's own number means nothing to people.
    #expect(
      BatchJob.number(in: ["SLURM_JOB_ID": "14", "SLURM_ARRAY_JOB_ID": "12", "SLURM_ARRAY_TASK_ID": "3"])
        == "12_3")
  }
}
