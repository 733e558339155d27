// Placeholder until the runner's real form is written below.
