import { ADMIN } from '../xmpp/ns.js'
import type { CommandField, CommandForm } from './ad-hoc.js'

/*
 * How the commands of XEP-0133 look, in its words. Commands name the form that they are offered in; the names of their
 * arguments stand here, too.
 */

const form = (node: string, rest: Omit<CommandForm, 'node' | 'formType'>): CommandForm => ({
  ...rest,
  node: `${ADMIN}#${node}`,
  formType: ADMIN,
})

const account = (label: string): CommandField => ({
  ...{ var: 'accountjid', arg: 'jid', type: 'jid-single', label },
  required: true,
})

/** The command is run for each of them. */
const accounts = (label: string): CommandField => ({
  ...{ var: 'accountjids', arg: 'jid', type: 'jid-multi', label },
  required: true,
})

// §4.1: more about a person than the password is that person's to tell
export const ADD_USER = form('add-user', {
  name: 'Add User',
  title: 'Adding a User',
  instructions: 'Fill out this form to add a user.',
  fields: [
    account('The Jabber ID for the account to be added'),
    {
      ...{ var: 'password', arg: 'password', type: 'text-private', label: 'The password for this account' },
      required: true,
    },
    { var: 'password-verify', type: 'text-private', label: 'Retype password', repeats: 'password' },
  ],
})

// §4.2
export const DELETE_USER = form('delete-user', {
  name: 'Delete User',
  title: 'Deleting a User',
  instructions: 'Fill out this form to delete a user.',
  fields: [accounts('The Jabber ID(s) to delete')],
})

// §4.3
export const DISABLE_USER = form('disable-user', {
  name: 'Disable User',
  title: 'Disabling a User',
  instructions: 'Fill out this form to disable a user.',
  fields: [accounts('The Jabber ID(s) to disable')],
})

// §4.4
export const REENABLE_USER = form('reenable-user', {
  name: 'Re-Enable User',
  title: 'Re-Enable a User',
  instructions: 'Fill out this form to re-enable a user.',
  fields: [accounts('The Jabber ID(s) to re-enable')],
})

// §4.5
export const END_USER_SESSION = form('end-user-session', {
  name: 'End User Session',
  title: 'Ending a User Session',
  instructions: "Fill out this form to end a user's session.",
  fields: [accounts('The Jabber ID(s) for which to end sessions')],
})

// §4.7
export const CHANGE_USER_PASSWORD = form('change-user-password', {
  name: 'Change User Password',
  title: 'Changing a User Password',
  instructions: "Fill out this form to change a user's password.",
  fields: [
    account('The Jabber ID for this account'),
    {
      ...{ var: 'password', arg: 'password', type: 'text-private', label: 'The password for this account' },
      required: true,
    },
  ],
})

// §4.8
export const GET_USER_ROSTER = form('get-user-roster', {
  name: 'Get User Roster',
  title: "Getting a User's Roster",
  instructions: "Fill out this form to get a user's roster.",
  fields: [accounts('The Jabber ID(s) for which to retrieve the roster')],
})

// §4.9
export const GET_USER_LAST_LOGIN = form('get-user-lastlogin', {
  name: 'Get User Last Login Time',
  title: "Getting a User's Last Login Time",
  instructions: "Fill out this form to get a user's last login time.",
  fields: [accounts('The Jabber ID(s) for which to retrieve the last login time')],
})

// §4.10
export const USER_STATS = form('user-stats', {
  name: 'Get User Statistics',
  title: 'Get User Statistics',
  instructions: 'Fill out this form to gather user statistics.',
  fields: [account('The Jabber ID for statistics')],
})

/** What accounts can be. §4.13 to §4.22 */
export const KINDS = ['registered', 'disabled', 'online', 'active', 'idle'] as const

export type Kind = (typeof KINDS)[number]

// §4.13 to §4.17
export const countForm = (kind: Kind): CommandForm =>
  form(`get-${kind}-users-num`, {
    name: `Get Number of ${capital(kind)} Users`,
    title: `Number of ${capital(kind)} Users`,
    instructions: '',
    fields: [],
    given: domain => ({ kind, domain }),
  })

// §4.18 to §4.22, whose last two have nodes of another kind
export const listForm = (kind: Kind): CommandForm =>
  form(kind === 'active' || kind === 'idle' ? `get-${kind}-users` : `get-${kind}-users-list`, {
    name: `Get List of ${capital(kind)} Users`,
    title: `Requesting List of ${capital(kind)} Users`,
    instructions: `Fill out this form to request the ${kind} users of this service.`,
    fields: [
      {
        ...{ var: 'max_items', arg: 'max', type: 'list-single', label: 'Maximum number of items to show' },
        options: [
          ...['25', '50', '75', '100', '150', '200'].map(value => ({ label: value, value })),
          { label: 'None', value: 'none' },
        ],
      },
      // not of XEP-0133, which leaves paging to others: as XEP-0059 has it
      {
        ...{ var: '{http://jabber.org/protocol/rsm}after', arg: 'after', type: 'jid-single' },
        label: 'Only those that come after this one',
      },
    ],
    given: domain => ({ kind, domain }),
  })

const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1)

const ofDomain = (domain: string) => ({ domain })

// §4.23
export const ANNOUNCE = form('announce', {
  name: 'Send Announcement to Online Users',
  title: 'Making an Announcement',
  instructions: 'Fill out this form to make an announcement to all active users of this service.',
  fields: [{ var: 'announcement', arg: 'text', type: 'text-multi', label: 'Announcement', required: true }],
  given: ofDomain,
})

const motd: CommandField = {
  ...{ var: 'motd', arg: 'text', type: 'text-multi', label: 'Message of the Day' },
  required: true,
}

// §4.24
export const SET_MOTD = form('set-motd', {
  name: 'Set Message of the Day',
  title: 'Setting the Message of the Day',
  instructions: 'Fill out this form to set the message of the day.',
  fields: [motd],
  given: ofDomain,
})

// §4.25
export const EDIT_MOTD = form('edit-motd', {
  name: 'Edit Message of the Day',
  title: 'Editing the Message of the Day',
  instructions: 'Fill out this form to edit the message of the day.',
  fields: [motd],
  given: ofDomain,
})

// §4.26
export const DELETE_MOTD = form('delete-motd', {
  name: 'Delete Message of the Day',
  title: 'Deleting the Message of the Day',
  instructions: '',
  fields: [],
  given: ofDomain,
})

// §4.27
export const SET_WELCOME = form('set-welcome', {
  name: 'Set Welcome Message',
  title: 'Setting Welcome Message',
  instructions: 'Fill out this form to set the welcome message for this service.',
  fields: [{ var: 'welcome', arg: 'text', type: 'text-multi', label: 'Welcome Message', required: true }],
  given: ofDomain,
})

// §4.28
export const DELETE_WELCOME = form('delete-welcome', {
  name: 'Delete Welcome Message',
  title: 'Deleting Welcome Message',
  instructions: '',
  fields: [],
  given: ofDomain,
})

// §4.29
export const EDIT_ADMIN = form('edit-admin', {
  name: 'Edit Admin List',
  title: 'Editing the Admin List',
  instructions: 'Fill out this form to edit the list of entities who have administrative privileges.',
  fields: [{ var: 'adminjids', arg: 'jids', type: 'jid-multi', label: 'The admin list' }],
})

const ending = (what: string): readonly CommandField[] => [
  {
    ...{ var: 'delay', arg: 'delay', type: 'list-single', label: `Time delay before ${what}`, values: ['60'] },
    options: [
      ...[30, 60, 90].map(seconds => ({ label: `${seconds} seconds`, value: String(seconds) })),
      ...[2, 3, 4, 5].map(minutes => ({ label: `${minutes} minutes`, value: String(60 * minutes) })),
    ],
    // and what else somebody finds right
    validation: { datatype: 'xs:nonNegativeInteger', method: { by: 'open' } },
  },
  { var: 'announcement', arg: 'announcement', type: 'text-multi', label: 'Announcement' },
]

// §4.30
export const RESTART = form('restart', {
  name: 'Restart Service',
  title: 'Restarting the Service',
  instructions: 'Fill out this form to restart the service.',
  fields: ending('restarting'),
})

// §4.31
export const SHUTDOWN = form('shutdown', {
  name: 'Shut Down Service',
  title: 'Shutting Down the Service',
  instructions: 'Fill out this form to shut down the service.',
  fields: ending('shutting down'),
})
