// `npm run mock`: the made-up company to look at, with scores that change. PORT says where.
import { runnerImport } from 'vite';

const { module } = await runnerImport(new URL('./server.ts', import.meta.url).pathname);
const mock = await new module.Mock().listen(Number(process.env.PORT ?? 8430));
for (const [file, kind] of [['bench', 'Bench'], ['setup', 'Setup'], ['imports', 'Files']]) {
  const { module } = await runnerImport(new URL(`./${file}.ts`, import.meta.url).pathname);
  mock.use(...new module[kind]().routes());
}
console.log(mock.origin);
setInterval(() => {
  const lead = mock.leads[Math.floor(Math.random() * 60)];
  if (lead.disqualified) return;
  mock.change(lead, Math.max(0, Math.min(100, lead.score + Math.round(Math.random() * 24 - 8))));
}, 1_500);
