import { SCOPES } from '../../src/api/types.ts';
import { problem, Reply, route, type Route } from './route.ts';

export const accounts: Route[] = [
  route('GET', '/setup', ({ mock }) => ({ is_done: mock.isSetUp }), true),
  route(
    'POST',
    '/setup',
    ({ mock, body }) => {
      if (body.token !== 'once') return problem(403, 'setup_over', 'this link was used, or is too old: start the server again for another one');
      if (body.password.length < 12) {
        const errors = [{ pointer: '/password', detail: 'a password has at least 12 characters' }];
        return problem(422, 'bad_password', 'a password has at least 12 characters', { errors });
      }
      Object.assign(mock.user, { name: body.name, email: body.email, language: body.language });
      mock.isSetUp = mock.isLoggedIn = true;
      return new Reply(201, mock.user);
    },
    true,
  ),
  route(
    'POST',
    '/login',
    ({ mock, body }) => {
      if (body.password === 'wrong') return problem(401, 'wrong_password', 'the address or the password is wrong');
      mock.isLoggedIn = true;
      return mock.user;
    },
    true,
  ),
  route('POST', '/logout', ({ mock }) => {
    mock.isLoggedIn = false;
    return new Reply(204);
  }),
  route('GET', '/me', ({ mock }) => ({ user: mock.user, key: null, scopes: SCOPES.filter((scope) => !mock.without.has(scope)) })),
  route('PATCH', '/me', ({ mock, body }) => Object.assign(mock.user, body)),
];
