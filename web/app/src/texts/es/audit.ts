export default {
  actor: 'Quién',
  action: 'Qué',
  object: 'Sobre qué',
  change: 'Antes y después',
  all_actions: 'Todo',
  all_actors: 'Todos',
  verify: 'Verificar el registro',
  trail_whole: 'El registro está entero: las {seq} entradas están como se escribieron. Su último hash, para guardarlo en otro lugar:',
  trail_broken: 'El registro no es el que se escribió: entrada {seq} ({fault}).',
  no_entries: 'Nada coincide.',
} as const;
